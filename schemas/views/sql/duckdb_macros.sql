CREATE OR REPLACE MACRO unix_millis(moment) AS epoch_ms(moment);
CREATE OR REPLACE MACRO explode(items) AS unnest(items);
CREATE OR REPLACE MACRO try_element_at(items, place) AS items[place];
CREATE OR REPLACE MACRO get_json_object(document, path) AS json_extract_string(document, path);
