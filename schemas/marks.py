"""The names of what was found wrong with, or taken out of, a raw message: its data-quality marks."""

from typing import Final

EMPTY_TEXT: Final = "empty_text"
"""Nothing can be read: no character at all, or only white space and invisible ones."""

TRUNCATED: Final = "truncated"
"""Longer than what is read; the rest was not looked at."""

LOST_CHARACTERS: Final = "lost_characters"
"""Half surrogate pairs or U+FFFD: characters that an earlier system destroyed."""

MOJIBAKE: Final = "mojibake"
"""Text decoded with the wrong encoding somewhere on its way (`GrÃ¼ÃŸe`), mended."""

CONTROL_CHARACTERS: Final = "control_characters"
"""Control characters or terminal escapes, removed."""

INVISIBLE_CHARACTERS: Final = "invisible_characters"
"""Zero-width characters, bidirectional controls or tag characters, removed."""

STYLED_LETTERS: Final = "styled_letters"
"""Full-width or mathematical look-alikes of plain letters and digits, made plain."""

HTML: Final = "html"
"""Tags or character references, turned into text."""

QUOTED_REPLY: Final = "quoted_reply"
"""Text of an earlier message, taken out."""

QUOTED_ONLY: Final = "quoted_only"
"""Nothing but text of an earlier message, so it was left in."""

FORWARDING: Final = "forwarding"
"""A message that is only passed on: the intent is read below the note and the headers, all else in both."""

SIGNATURE: Final = "signature"
"""A signature or the device's own line, taken out."""

TRACKING_LINKS: Final = "tracking_links"
"""Links whose tracking parameters or rewriting were taken off."""

AUTOMATIC_REPLY: Final = "automatic_reply"
"""An out-of-office note or another answer that a machine gave."""

DELIVERY_FAILURE: Final = "delivery_failure"
"""A mail server's report that a mail did not arrive."""

MAILING_LIST: Final = "mailing_list"
"""Mail to many at once: a newsletter or a mailing list, by its headers."""

SPAM: Final = "spam"
"""Unsolicited advertising or fraud."""

ONLY_THANKS: Final = "only_thanks"
"""Nothing but thanks: no answer is waited for."""

MIXED_SCRIPTS: Final = "mixed_scripts"
"""Letters of several scripts within one word, as in disguised names."""

ONLY_EMOJI: Final = "only_emoji"
"""Pictures and no word."""

NO_WORDS: Final = "no_words"
"""Digits or punctuation, but no letter."""

OF_SENDERS: Final = (AUTOMATIC_REPLY, DELIVERY_FAILURE, MAILING_LIST, SPAM, ONLY_THANKS)
"""The marks of what kind of sender or message it is; the others say what was wrong with the text."""

URGENCY_UNREAD: Final = "urgency_unread"
"""Written in a language whose words of urgency nobody has listed: nothing was read of how much it presses."""

MARKS: Final = (
    EMPTY_TEXT,
    TRUNCATED,
    LOST_CHARACTERS,
    MOJIBAKE,
    CONTROL_CHARACTERS,
    INVISIBLE_CHARACTERS,
    STYLED_LETTERS,
    HTML,
    QUOTED_REPLY,
    QUOTED_ONLY,
    FORWARDING,
    SIGNATURE,
    TRACKING_LINKS,
    AUTOMATIC_REPLY,
    DELIVERY_FAILURE,
    MAILING_LIST,
    SPAM,
    ONLY_THANKS,
    MIXED_SCRIPTS,
    ONLY_EMOJI,
    NO_WORDS,
    URGENCY_UNREAD,
)
"""Every mark, in the order in which a message carries them."""

ILLEGAL_TRANSITION: Final = "illegal_transition"
"""An event asked for a status that cannot follow the one that the ticket had: a mark of a ticket, not of a message."""
