-- Whether the cluster is one shard, and whether an earlier leader's statement still runs on any of its replicas.
GRANT{on_cluster} SELECT ON system.clusters, REMOTE ON *.* TO {user};
