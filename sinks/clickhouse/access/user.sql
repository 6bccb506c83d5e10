CREATE USER IF NOT EXISTS {user}{on_cluster} IDENTIFIED WITH sha256_hash BY {hash} SALT {salt};
ALTER USER {user}{on_cluster} IDENTIFIED WITH sha256_hash BY {hash} SALT {salt};
