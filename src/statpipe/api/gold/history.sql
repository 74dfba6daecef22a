-- Every figure ever published, with the dates during which it was current.
SELECT
    ref_area,
    category,
    time_period,
    dataset,
    freq,
    period_start,
    CAST(left(time_period, 4) AS BIGINT) AS year,
    realtime_start,
    realtime_end,
    obs_value AS value,
    decimals,
    unit_measure AS unit,
    CAST(unit_mult AS BIGINT) AS unit_mult,
    obs_status,
    source_symbol,
    notes,
    vintage,
    basis,
    seen_before
FROM ${source}
