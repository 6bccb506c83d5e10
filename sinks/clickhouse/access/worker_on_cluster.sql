-- Whether an earlier leader's statement still runs is asked of all replicas.
GRANT{on_cluster} REMOTE ON *.* TO {user};
