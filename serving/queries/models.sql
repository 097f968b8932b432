SELECT * FROM models ORDER BY published_at DESC, version DESC
