/**
 * The functions a source's query may call: those that compute on values. Not here are those that read files or settings,
 * wait, lock, write, run text as SQL (`query_to_xml`, `ts_stat`) or reach other servers. A list of what is allowed, since
 * nobody can list what every extension brings; what is missing can be put into a view.
 */
const NAMES = `
abs acos acosd acosh age any_value array_agg array_append array_cat array_dims array_fill array_length array_lower
array_ndims array_position array_positions array_prepend array_remove array_replace array_reverse array_sort
array_to_json array_to_string array_to_tsvector array_upper ascii asin asind asinh atan atan2 atan2d atand atanh avg
bit_and bit_count bit_length bit_or bit_xor bool_and bool_or btrim cardinality casefold cbrt ceil ceiling char_length
character_length chr clock_timestamp coalesce concat concat_ws convert convert_from convert_to corr cos cosd cosh cot
cotd count covar_pop covar_samp crc32 crc32c cume_dist current_database current_schema date date_add date_bin date_part
date_subtract date_trunc decode degrees dense_rank div encode enum_first enum_last enum_range erf erfc every exp extract
factorial first_value float4 float8 floor format gamma gcd gen_random_uuid generate_series generate_subscripts get_bit
get_byte greatest grouping host initcap int2 int4 int8 isempty isfinite is_normalized json_agg json_agg_strict
json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each
json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_agg_strict
json_object_agg_unique json_object_keys json_populate_record json_populate_recordset json_strip_nulls json_to_record
json_to_recordset json_typeof jsonb_agg jsonb_agg_strict jsonb_array_elements jsonb_array_elements_text
jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path
jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique
jsonb_object_keys jsonb_path_exists jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first
jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record
jsonb_to_recordset jsonb_typeof justify_days justify_hours justify_interval lag last_value lcm lead least left length
lgamma like_escape ln log log10 lower lower_inc lower_inf lpad ltrim make_date make_interval make_time make_timestamp
make_timestamptz masklen max md5 min mod mode multirange netmask network normalize now nth_value ntile num_nonnulls
num_nulls numeric numnode octet_length overlaps overlay parse_ident percent_rank percentile_cont percentile_disc
phraseto_tsquery pi plainto_tsquery position power pow querytree quote_ident quote_literal quote_nullable radians random
random_normal range_agg range_intersect_agg range_merge rank regexp_count regexp_instr regexp_like regexp_match
regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count
regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat replace reverse right round row_number row_to_json
rpad rtrim scale set_bit set_byte setweight sha224 sha256 sha384 sha512 sign similar_to_escape sin sind sinh split_part
sqrt starts_with statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strip
strpos substr substring sum tan tand tanh text timestamp timestamptz timezone to_ascii to_bin to_char to_date to_hex
to_json to_jsonb to_number to_oct to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim trim_array
trim_scale trunc ts_delete ts_filter ts_headline ts_lexize ts_rank ts_rank_cd tsvector_to_array unicode_assigned unistr
unnest upper upper_inc upper_inf uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7 var_pop var_samp variance
version websearch_to_tsquery width_bucket xmlagg xml_is_well_formed xpath xpath_exists
area center diagonal diameter height isclosed isopen npoints point radius slope width
difference levenshtein metaphone similarity soundex unaccent word_similarity
st_area st_asbinary st_asewkt st_asgeojson st_astext st_azimuth st_buffer st_centroid st_contains st_distance st_dwithin
st_envelope st_geohash st_geomfromtext st_geometrytype st_intersects st_isvalid st_length st_makepoint st_npoints
st_perimeter st_point st_setsrid st_simplify st_srid st_transform st_within st_x st_xmax st_xmin st_y st_ymax st_ymin
st_z`;

const ALLOWED: ReadonlySet<string> = new Set(NAMES.trim().split(/\s+/));

/** Where functions may be looked for by name. */
const ALLOWED_SCHEMAS: ReadonlySet<string> = new Set(['pg_catalog', 'public']);

/** Whether a query may call the function with this name, given part by part as the parser sees it. */
export function isAllowedFunction(nameParts: readonly string[]): boolean {
  const schema = nameParts.slice(0, -1);
  const isKnownSchema = schema.length === 0 || (schema.length === 1 && ALLOWED_SCHEMAS.has(schema[0] ?? ''));
  return isKnownSchema && ALLOWED.has(nameParts.at(-1) ?? '');
}
