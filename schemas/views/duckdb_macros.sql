CREATE OR REPLACE MACRO unix_millis(moment) AS epoch_ms(moment);
