"""The functions that analysts' SQL may call, by name: they read their arguments and nothing else.

Left out are those that tell of the server, reach outside of the statement, wait, or whose time or memory grows much
faster than what they are given (distances between texts, widths in formats). What is here can still be made to take
long; the process that runs it is ended then.
"""

from typing import Final

_OPERATORS: Final = """
    + - * / // % ** ^ & | ~ << >> || @ @> <@ && ->> = != < > <= >= ~~ !~~ ~~* !~~* ~~~ like_escape
    not_like_escape ilike_escape not_ilike_escape ^@ ! !__postfix
"""
_AGGREGATES: Final = """
    any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_min arg_min_null
    argmax argmin array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count count_if count_star countif
    covar_pop covar_samp entropy favg first fsum geomean geometric_mean group_concat histogram kurtosis kurtosis_pop
    last list listagg mad max max_by mean median min min_by mode product quantile quantile_cont quantile_disc
    regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev
    stddev_pop stddev_samp string_agg sum var_pop var_samp variance wavg weighted_avg """
_WINDOWS: Final = """
    row_number rank dense_rank rank_dense percent_rank cume_dist ntile lag lead first_value last_value nth_value
    fill
"""
_NUMBERS: Final = """
    abs acos add asin atan atan2 bin cbrt ceil ceiling cos cot degrees divide even exp factorial floor fdiv fmod gcd
    greatest greatest_common_divisor hash hex isfinite isinf isnan lcm least least_common_multiple ln log log10 log2
    mod multiply pi pow power radians random round round_even sign signbit sin sqrt subtract tan trunc xor
    equi_width_bins
"""
_TEXTS: Final = """
    ascii base64 bit_length char_length character_length chr concat concat_ws contains ends_with format_bytes
    formatreadabledecimalsize formatreadablesize from_base64 from_hex instr lcase left len length lower
    ltrim md5 nfc_normalize octet_length ord overlay position prefix regexp_escape regexp_extract regexp_extract_all
    regexp_full_match regexp_matches regexp_replace regexp_split_to_array replace reverse right rtrim sha1 sha256
    split split_part starts_with str_split str_split_regex string_split string_split_regex string_to_array
    strip_accents strlen strpos substr substring suffix to_base64 to_hex translate trim ucase unhex unicode upper
    url_decode url_encode
"""
_TIMES: Final = """
    age ago century current_date current_localtime current_localtimestamp date_add
    date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek
    dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era get_current_time get_current_timestamp hour
    isodow isoyear julian last_day make_date make_time make_timestamp make_timestamptz
    microsecond millennium millisecond minute month monthname now quarter second strftime strptime time_bucket
    timezone timezone_hour timezone_minute to_centuries to_days to_decades to_hours to_microseconds to_millennia
    to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today
    transaction_timestamp try_strptime week weekday weekofyear year yearweek
"""
_LISTS: Final = """
    apply array_aggr array_aggregate array_append array_apply array_cat array_concat array_contains array_distinct
    array_extract array_filter array_has array_has_all array_has_any array_indexof array_intersect array_length
    array_pop_back array_pop_front array_position array_prepend array_push_back array_push_front array_reduce
    array_reverse array_reverse_sort array_select array_slice array_sort array_to_string array_transform
    array_unique array_value array_where array_zip cardinality element_at filter flatten list_aggr list_aggregate
    list_any_value list_append list_apply list_avg list_bool_and list_bool_or list_cat list_concat list_contains
    list_count list_distinct list_element list_extract list_filter list_first list_grade_up list_has list_has_all
    list_has_any list_histogram list_indexof list_intersect list_last list_max list_median list_min list_mode
    list_pack list_position list_prepend list_product list_reduce list_reverse list_reverse_sort list_select
    list_slice list_sort list_stddev_pop list_stddev_samp list_string_agg list_sum list_transform list_unique
    list_value list_var_pop list_var_samp list_where list_zip map map_concat map_contains map_entries map_extract
    map_extract_value map_from_entries map_keys map_values reduce row struct_concat struct_contains struct_extract
    struct_extract_at struct_has struct_insert struct_keys struct_pack struct_position struct_update struct_values
    unnest unpivot_list generate_subscripts
"""
_JSON: Final = """
    json json_array json_array_length json_contains json_exists json_extract json_extract_path
    json_extract_path_text json_extract_string json_group_array json_group_object json_keys json_merge_patch
    json_object json_pretty json_quote json_type json_valid json_value row_to_json to_json array_to_json
"""
_OTHERS: Final = """
    constant_or_null error if is_histogram_other_bin nullif typeof uuid gen_random_uuid
    alias
"""

REPEATING: Final[dict[str, tuple[int, ...]]] = {
    "repeat": (1,),
    "lpad": (1,),
    "rpad": (1,),
    "list_resize": (1,),
    "array_resize": (1,),
    "range": (0, 1, 2),
    "generate_series": (0, 1, 2),
}
"""Functions that make much of little, and which of their arguments say how much."""

ALLOWED: Final = (
    frozenset(
        name
        for group in (_OPERATORS, _AGGREGATES, _WINDOWS, _NUMBERS, _TEXTS, _TIMES, _LISTS, _JSON, _OTHERS)
        for name in group.split()
    )
    | REPEATING.keys()
)
"""Every function that may be called in an expression, in lower case."""

TABLE_FUNCTIONS: Final = frozenset({"unnest", "range", "generate_series", "repeat"})
"""Every function that may stand in FROM: they give rows one after another, and hold none."""
