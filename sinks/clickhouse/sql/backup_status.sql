SELECT toString(status), error, total_size FROM system.backups WHERE id = {id:String}
