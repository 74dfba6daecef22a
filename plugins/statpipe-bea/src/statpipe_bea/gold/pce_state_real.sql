-- Real PCE as it stood on a date.
SELECT
    ref_area,
    time_period,
    area_name,
    year,
    value,
    unit,
    unit_mult,
    base_year,
    nominal_value,
    deflator,
    bea_value,
    relative_difference,
    pce_vintage,
    deflator_vintage,
    realtime_start
FROM pce_state_real_history
WHERE :as_of BETWEEN realtime_start AND realtime_end
