-- Nominal PCE over the deflators of its season, for every release of deflators.
--
-- BEA releases PCE by state in the autumn and the deflators that belong to it in the winter after. So a
-- release of deflators is paired with the last release of PCE of its season, which begins on 1
-- September; nominal PCE is what stood on the day of the deflators. Until the next deflators are out,
-- the pair stays: newer PCE is never divided by older deflators.
WITH prices AS (
    SELECT
        ref_area,
        time_period,
        dataset,
        value,
        realtime_start,
        realtime_end,
        vintage,
        split_part(category, ':', 2) LIKE 'deflator%' AS is_deflator,
        CAST(right(category, 4) AS BIGINT) AS base_year
    FROM rpp_state_history
    WHERE split_part(category, ':', 2) LIKE 'deflator_2%'
       OR split_part(category, ':', 2) LIKE 'real_pce_2%'
),
-- A release is told by the figures that it set. BEA has published these in tables of their own and in
-- SARPP; where both are there, the own table counts.
price_release AS (
    SELECT
        is_deflator,
        realtime_start AS released,
        base_year,
        min(dataset) AS dataset,
        max(vintage) AS vintage
    FROM prices
    GROUP BY is_deflator, realtime_start, base_year
),
pce AS (
    SELECT ref_area, time_period, year, value, realtime_start, realtime_end, vintage
    FROM pce_state_history
    WHERE category = 'SAPCE1:1'
),
pce_release AS (
    SELECT realtime_start AS released, max(vintage) AS vintage
    FROM pce
    GROUP BY realtime_start
),
pair AS (
    SELECT
        deflators.released,
        deflators.base_year,
        deflators.dataset,
        deflators.vintage AS deflator_vintage,
        max(pce_release.vintage) AS pce_vintage
    FROM price_release AS deflators
    JOIN pce_release
        ON pce_release.released <= deflators.released
        AND extract(YEAR FROM pce_release.released - INTERVAL '8 months')
            = extract(YEAR FROM deflators.released - INTERVAL '8 months')
    WHERE deflators.is_deflator
      AND NOT EXISTS (
          SELECT 1
          FROM price_release AS rebased
          WHERE rebased.is_deflator
            AND rebased.released = deflators.released
            AND rebased.base_year > deflators.base_year
      )
    GROUP BY deflators.released, deflators.base_year, deflators.dataset, deflators.vintage
),
standing AS (
    SELECT
        *,
        coalesce(
            CAST(lead(released) OVER (ORDER BY released) - INTERVAL '1 day' AS DATE),
            DATE '9999-12-31'
        ) AS until
    FROM pair
)
SELECT
    pce.ref_area,
    pce.time_period,
    area.area_name,
    pce.year,
    100 * CAST(pce.value AS DOUBLE PRECISION)
        / nullif(CAST(deflator.value AS DOUBLE PRECISION), 0) AS value,
    'Millions of constant ' || CAST(standing.base_year AS VARCHAR) || ' dollars' AS unit,
    CAST(6 AS BIGINT) AS unit_mult,
    standing.base_year,
    pce.value AS nominal_value,
    deflator.value AS deflator,
    bea.value AS bea_value,
    (
        100 * CAST(pce.value AS DOUBLE PRECISION)
        / nullif(CAST(deflator.value AS DOUBLE PRECISION), 0)
        - CAST(bea.value AS DOUBLE PRECISION)
    ) / nullif(CAST(bea.value AS DOUBLE PRECISION), 0) AS relative_difference,
    standing.pce_vintage,
    standing.deflator_vintage,
    standing.released AS realtime_start,
    standing.until AS realtime_end
FROM standing
JOIN pce ON standing.released BETWEEN pce.realtime_start AND pce.realtime_end
JOIN pce_state_area AS area
    ON area.ref_area = pce.ref_area
    -- There is no deflator of the US, and none of BEA's regions.
    AND area.geo_level = 'state'
JOIN prices AS deflator
    ON deflator.is_deflator
    AND deflator.dataset = standing.dataset
    AND deflator.base_year = standing.base_year
    AND deflator.ref_area = pce.ref_area
    AND deflator.time_period = pce.time_period
    AND standing.released BETWEEN deflator.realtime_start AND deflator.realtime_end
LEFT JOIN price_release AS own
    ON NOT own.is_deflator
    AND own.released = standing.released
    AND own.base_year = standing.base_year
LEFT JOIN prices AS bea
    ON NOT bea.is_deflator
    AND bea.dataset = own.dataset
    AND bea.base_year = own.base_year
    AND bea.ref_area = pce.ref_area
    AND bea.time_period = pce.time_period
    AND own.released BETWEEN bea.realtime_start AND bea.realtime_end
