-- What holds for everybody who only reads. A dashboard's client sets how long a question may take, up to a minute.
CREATE SETTINGS PROFILE IF NOT EXISTS bewithu_reader{on_cluster};
ALTER SETTINGS PROFILE bewithu_reader{on_cluster} SETTINGS
    readonly = 1,
    max_execution_time = 30 MIN 1 MAX 60 CHANGEABLE_IN_READONLY,
    max_memory_usage = 2000000000,
    max_threads = 2,
    max_result_rows = 200000,
    result_overflow_mode = 'throw',
    max_concurrent_queries_for_user = 10;
