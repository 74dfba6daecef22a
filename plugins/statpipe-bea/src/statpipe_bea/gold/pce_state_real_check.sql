-- Where real PCE is not BEA's own, by more than a hundred-thousandth and than printed digits explain:
-- half a unit of the last digit of nominal PCE (0.1), of the deflator (0.001) and of real PCE (0.1).
SELECT
    ref_area,
    time_period,
    area_name,
    year,
    value,
    bea_value,
    relative_difference,
    unit,
    pce_vintage,
    deflator_vintage
FROM pce_state_real_history
WHERE abs(relative_difference) > greatest(
    0.00001,
    0.05 / CAST(nominal_value AS DOUBLE PRECISION)
    + 0.0005 / CAST(deflator AS DOUBLE PRECISION)
    + 0.05 / CAST(bea_value AS DOUBLE PRECISION)
)
