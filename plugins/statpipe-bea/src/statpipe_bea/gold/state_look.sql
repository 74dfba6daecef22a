-- Spending per person, price level and unemployment of the states, by year, as of a date.
--
-- A row for each state and year of which BEA has shown spending; what the others do not have is empty.
SELECT
    pce.ref_area,
    pce.time_period,
    area.area_name,
    pce.year,
    pce.value AS pce_per_capita,
    prices.value AS price_level,
    100 * CAST(pce.value AS DOUBLE PRECISION)
        / nullif(CAST(prices.value AS DOUBLE PRECISION), 0) AS pce_per_capita_at_us_prices,
    jobless.value AS unemployment_rate,
    pce.vintage AS pce_vintage,
    prices.vintage AS price_level_vintage,
    jobless.vintage AS unemployment_vintage
FROM pce_state_history AS pce
JOIN pce_state_area AS area
    ON area.ref_area = pce.ref_area
    AND area.geo_level = 'state'
LEFT JOIN rpp_state_history AS prices
    ON prices.category = 'SARPP:rpp_all_items'
    AND prices.ref_area = pce.ref_area
    AND prices.time_period = pce.time_period
    AND :as_of BETWEEN prices.realtime_start AND prices.realtime_end
LEFT JOIN unemployment_history AS jobless
    ON jobless.dataset = 'LA'
    AND jobless.category = 'U.03'
    AND jobless.freq = 'A'
    AND jobless.ref_area = pce.ref_area
    AND jobless.time_period = pce.time_period
    AND :as_of BETWEEN jobless.realtime_start AND jobless.realtime_end
WHERE pce.category = 'SAPCE2:1'
    AND :as_of BETWEEN pce.realtime_start AND pce.realtime_end
