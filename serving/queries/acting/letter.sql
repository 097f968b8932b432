SELECT * FROM dead_letter_outcomes WHERE letter_id = ?
