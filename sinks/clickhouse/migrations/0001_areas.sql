-- Reference areas, loaded from schemas/areas at every start (today's geography, all levels).
CREATE TABLE IF NOT EXISTS areas
(
    code String,
    level LowCardinality(String),
    parent String,
    name_nl String,
    name_fr String,
    name_de String,
    name_en String,
    population UInt32,
    latitude Nullable(Float64),
    longitude Nullable(Float64),
    loaded_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(loaded_at) ORDER BY code;

-- Every code a municipality ever had, its days of validity, and today's code: joins go through this.
CREATE TABLE IF NOT EXISTS municipalities
(
    nis UInt32,
    valid_from Date32,
    valid_to Date32,
    current_nis LowCardinality(String),
    -- today's municipality, arrondissement, province (where there is one), region, country
    areas Array(LowCardinality(String)),
    loaded_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(loaded_at) ORDER BY nis;

-- The same days of validity, where the landing tables look a code up; a later row replaces an earlier one.
CREATE TABLE IF NOT EXISTS validity (nis String, valid_from Date32, valid_to Date32)
ENGINE = Join(ANY, LEFT, nis) SETTINGS join_any_take_last_row = 1;
