"""What a message says besides its intent: its plain text, entities, urgency, complexity, keywords, priority.

Reads: one raw message. Does: `cleaning.message.clean_message`, then `reading.read_signals`; pure, bounded and
linear in the text, never raising for any text. Writes: nothing. docs/signals.md states every rule.
"""
