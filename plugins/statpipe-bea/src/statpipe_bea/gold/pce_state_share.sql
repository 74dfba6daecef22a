-- What part of its parent, and of its whole table, each category is.
SELECT
    part.ref_area,
    part.time_period,
    part.category,
    part.dataset,
    part.area_name,
    part.geo_level,
    part.category_name,
    part.parent_category,
    part.sign,
    part.year,
    part.value,
    parent.value AS parent_value,
    total.value AS total_value,
    CASE
        WHEN parent.value <> 0
        THEN 100 * part.value_float / parent.value_float
    END AS share_of_parent,
    CASE
        WHEN total.value <> 0
        THEN 100 * part.value_float / total.value_float
    END AS share_of_total,
    part.unit,
    part.unit_mult
FROM pce_state AS part
LEFT JOIN pce_state AS parent
    ON parent.ref_area = part.ref_area
    AND parent.category = part.parent_category
    AND parent.time_period = part.time_period
    AND parent.year = part.year
    AND parent.dataset = part.dataset
    AND parent.unit = part.unit
LEFT JOIN pce_state AS total
    ON total.ref_area = part.ref_area
    AND total.category = part.top_category
    AND total.time_period = part.time_period
    AND total.year = part.year
    AND total.dataset = part.dataset
    AND total.unit = part.unit
