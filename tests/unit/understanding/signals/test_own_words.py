"""A customer's words are never cut: what only looks like a quotation or a signature stays, and what goes is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.triage import Cut
from understanding.signals.cleaning.mail.replies import strip_replies
from understanding.signals.cleaning.message import clean_message, clean_with_cuts

KEPT = {
    "a web form's lines": (
        "A visitor filled in the form\nE-mail: rita@home.example\nFrom: rita@home.example\nSubject: Kettle leaks\n"
        "Date: 3 May 2026 10:15\n\nThe kettle leaks, order 90817. Please refund 34.50 EUR."
    ),
    "a form without other labels": (
        "Form on the web site\nFrom: info@garage.example\nSubject: Kettle leaks\nDate: 3 May 2026\n\nIt leaks."
    ),
    "a journey": "I want to move my trip.\nVon: Bremen\nAn: Wien\nDatum: 12.12.2026\nBetreff: Umbuchung AB12CD",
    "a French journey": "Bonjour, je change de vol.\nDe: Lyon\nÀ: Nice\nDate: 12/12/2026\nNouvelle date: 14/12/2026",
    "told with a verb": (
        "I do not understand.\nOn 4 May your agent Rolf wrote:\nthe money comes within a week.\nIt did not. I cancel."
    ),
    "told in German": "Am 4. Mai schrieb Ihr Kollege:\nder Betrag kommt.\nNichts kam. Ich will 80 Euro zurück.",
    "told with time and name": (
        "Hello,\nOn 4 May 2026 at 10:15 Rolf Marsh wrote:\nthe money comes.\nIt did not. I want my 80 EUR or I cancel."
    ),
    "told with a weekday": (
        "This is how it went so far.\n\nOn Monday, May 4, 2026 at 10:15 Rolf wrote:\nThe money comes.\n\n"
        "It did not. End my contract and pay 80 EUR."
    ),
    "told with a weekday in French": (
        "Voici ce qui s'est passé.\n\nLe lundi 4 mai 2026 à 10:15, Luc a écrit :\nL'argent arrive.\n\n"
        "Rien. Résiliez mon contrat."
    ),
    "a chat": (
        "My chat with you:\nMon, 4 May 2026 10:15 Rolf wrote:\nWhich kettle?\nMon, 4 May 2026 10:16 Lia wrote:\n"
        "The blue one, 7740211.\nI want 80 EUR."
    ),
    "a German chat": (
        "Der Chat von heute.\n04.05.2026 10:15 Rolf schrieb:\nWir zahlen 80 EUR.\n04.05.2026 10:17 Lia schrieb:\n"
        "Wann?\n04.05.2026 10:18 Rolf schrieb:\nMorgen.\nNichts kam, ich kündige."
    ),
    "told with an address": (
        "I am tired of this.\nOn 4 May 2026 at 10:15 your agent rolf@pans.example wrote:\nthe money comes.\nIt did not."
    ),
    "a new name below thanks": "Please change it.\nThanks\nNew Name Lia Duarte-Fox",
    "a form about an answer": "New entry\n\nFrom: lia@home.example\nSubject: Re: kettle\nDate: 4 May\n\nIt leaks.",
    "what a customer announces": (
        "Your support wrote me this:\n\nFrom: Help <help@pans.example>\nSent: Monday, 4 May 2026 09:00\n"
        "To: Lia\nSubject: Invoice\n\nInvoice 5581 is overdue."
    ),
    "a comparison": "Since noon:\n>30% of our staff see an error\n>4 offices are down\nHelp.",
    "a comparison with a space": "Since noon\n> 30% of our staff see an error\nHelp.",
    "an error message": "The screen shows this:\n\n> Your session has ended\n\nWhat shall I do?",
    "a prompt": "I typed\n>>> import shop\nand it failed.",
    "a divider": "Two things:\n1. It logs me out.\n--\n2. Invoice 771 is wrong by 12.00 EUR.",
    "a number below thanks": "The parcel is late.\nThank you\nOrder 90817",
    "a request below thanks": "The parcel is late.\nThanks\nCancel Order",
    "a Chinese sentence below thanks": "请看一下。\n谢谢\n还没到",
    "an item below a rule": "Two things:\n1. It logs me out.\n-- \n2. The lamp of it blinks",
    "a number with a nought below thanks": "It is late.\nThanks\n0087123",
    "a Japanese request below thanks": "届きません。\nよろしくお願いします\n返金してください",
    "a device in a sentence": "Es geht nicht.\nVon meinem Handy kann ich mich nicht anmelden",
    "a sentence about the delimiter": "Why do I have to reply above this line?\nI want to write below it.",
    "words about a drawn line": (
        "Look:\n--- none of it above this line got settled ---\nThe lid is cracked.\nI want 20 EUR."
    ),
    "words about a line in German": "Offen:\n*** alles oberhalb dieser Zeile fehlt noch ***\nDie Kanne ist undicht.",
    "words about a line in French": "Bonjour\n--- rien au-dessus de cette ligne n'est payé ---\nLa carafe fuit.",
    "words about a line in Spanish": "Hola\n=== nada encima de esta línea llegó ===\nLa jarra gotea.",
    "words about a line in Japanese": "確認\n--- この行より上は届いていません ---\n蓋が割れました。",
    "a form of somebody named like a desk": (
        "From: Rita Service\nTo: Web form\nSubject: Kettle 7740211\nDate: 4 May 2026\n\nYou took 12 EUR twice."
    ),
    "a German form of somebody named like a desk": (
        "Von: Jana Hilfe <jana@home.example>\nAn: Laden\nBetreff: Kessel 7740211\nDatum: 4. Mai 2026\n\nEs tropft."
    ),
    "a French form of somebody named like a desk": (
        "De: Luc Aide\nÀ: Boutique\nObjet: Bouilloire\nDate: 4 mai 2026\n\nElle fuit, remboursez-moi."
    ),
    "a device's line that goes on": "No heat.\nSent from my phone because the desktop is under water",
    "a German device's line that goes on": "Kein Strom.\nGesendet von meinem Handy weil der Rechner brennt",
    "a French device's line that goes on": "Rien ne va.\nEnvoyé de mon iPhone car le portable a brûlé",
    "a person below an announcement": "Bring it to this person.\nThanks\nRolf Marsh",
    "a German person below an announcement": "Die neue Anschrift folgt.\nDanke\nRolf Fuchs\nMühlweg",
    "a Spanish person below an announcement": "Entréguenlo a esta persona.\nGracias\nLuz Vega",
    "one end tag": "My page shows </b> at the end.\nLine two\nLine three",
    "a tag in plain text": "I wrote <order number> and\npressed enter",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_only_looks_like_a_quotation_or_a_signature_stays(text: str) -> None:
    """Each of these lost a customer's complaint, number or request once."""
    assert clean_message(text).text == text


FORWARDED = {
    "Gmail": "---------- Forwarded message ---------\nFrom: Lia <lia@home.example>\nDate: Tue, 5 May 2026 at 08:02",
    "Gmail in Spanish": "---------- Mensaje reenviado ----------\nDe: Lia <lia@home.example>",
    "Thunderbird": "-------- Weitergeleitete Nachricht --------\nBetreff: Mixer\nVon: Lia <lia@home.example>",
    "Apple": "Begin forwarded message:\n\nFrom: Lia <lia@home.example>\nSubject: Blender",
    "Apple in French": "Début du message transféré :\n\nDe: Lia <lia@home.example>\nObjet: Mixeur",
    "Outlook": (
        "-----Original Message-----\nFrom: Lia <lia@home.example>\nSent: Tuesday, 5 May 2026 08:02\n"
        "To: sales@pans.example\nSubject: FW: Blender"
    ),
    "Outlook's new block": (
        "________________________________\nVon: Lia <lia@home.example>\nGesendet: Dienstag, 5. Mai 2026 08:02\n"
        "An: vertrieb@pans.example\nBetreff: Mixer"
    ),
}


@pytest.mark.parametrize("introduction", FORWARDED.values(), ids=FORWARDED)
def test_a_forwarded_message_stays(introduction: str) -> None:
    """A colleague passed a customer's complaint on, and only the colleague's one line was read."""
    text = f"Could you answer this one?\n\n{introduction}\n\nMy blender burst and cut my hand. I want my money back."
    assert clean_message(text).text == text


def test_a_subject_that_says_forwarded_keeps_what_is_forwarded() -> None:
    """The ticket's subject is the text's first line, and a sender of a desk alone does not tell."""
    text = (
        "Fwd: Your invoice\nWhat is this about?\n\nFrom: Support <help@pans.example>\nSent: Monday, 4 May 2026 09:00\n"
        "To: lia@home.example\nSubject: Your invoice\n\nInvoice 5581 is overdue."
    )
    assert clean_message(text).text == text


DESK = "Fra: Pander Kundeservice <kunde@pans.example>\nSendt: 4. maj 2026 09:12\nTil: Lia\nEmne: Sag 41"
INTRODUCTIONS = {
    "Danish Outlook": DESK,
    "Dutch Outlook": "Van: Pander Klantenservice <hulp@pans.example>\nVerzonden: maandag 4 mei 2026 09:12\nAan: Lia\n"
    "Onderwerp: Zaak 41",
    "Polish Outlook": "Od: Pomoc Pander <pomoc@pans.example>\nWysłano: poniedziałek, 4 maja 2026 09:12\nDo: Lia\n"
    "Temat: Zgłoszenie 41",
    "Japanese Outlook": "差出人: パンダー サポート <help@pans.example>\n送信日時: 2026年5月4日 9:12\n宛先: L\n件名: 41",
    "Hotmail": "____________________\nSubject: Re: Plan\nFrom: a@pans.example\nTo: lia@home.example\nDate: 4 May 2026",
    "Gmail in Russian": "пн, 4 мая 2026 г. в 10:11, Pander <help@pans.example>:",  # noqa: RUF001 - as it is written
    "Gmail in Norwegian": "man. 4. mai 2026 kl. 10:11 skrev Pander <help@pans.example>:",
    "Gmail in Turkish": "Pander <help@pans.example>, 4 May 2026 Pzt, 10:11 tarihinde şunu yazdı:",  # noqa: RUF001 - as it is written
    "Gmail in Chinese": "Pander <help@pans.example> 于2026年5月4日周一 10:11写道：",  # noqa: RUF001 - as it is written
    "Gmail in Korean": "2026년 5월 4일 (월) 오전 10:11, Pander <help@pans.example>님이 작성:",
    "Apple Mail in Czech": "4. 5. 2026 v 10:11, Pander <help@pans.example>:",
    "Gmail for mobiles in German": "Pander <help@pans.example> schrieb am Mo., 4. Mai 2026, 10:11:",
    "Zendesk": "##- Please type your reply above this line -##",
    "a drawn line in Swedish": "*** Vänligen skriv ditt svar ovanför denna rad ***",
    "a drawn line in Japanese": "--- この行より上に返信を入力してください ---",
    "a drawn line in Polish": "=== Proszę wpisać odpowiedź powyżej tej linii ===",
    "Zendesk in German": "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##",
    "Jira": "—-—-—-—\nReply above this line.",
    "no year": "On Mon, May 4 at 10:11 AM, Pander <help@pans.example> wrote:",
    "Zoho's attribution": "---- on Mon, 4 May 2026 10:11:12 +0100 Pander <help@pans.example> wrote ----",
    "Zoho": "---- Please reply above this line ----",
}


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
def test_what_a_help_desk_wrote_before_goes_with_its_introduction(introduction: str) -> None:
    """The desk's address, an old date and an old amount became the ticket's entities once."""
    own = "The invoice is still wrong, please put it right."
    message, cuts = clean_with_cuts(f"{own}\n\n{introduction}\n\nWe have put invoice 41 right, 49.90 EUR.")
    assert message.text == own
    assert [cut.kind for cut in cuts] == ["quoted_reply"]


@pytest.mark.parametrize(
    "quoted",
    [
        "> On 4 May 2026, at 10:11, Pander <help@pans.example> wrote:\n>\n> Old words.\n>\n> More",
        "Le 04/05/2026 à 10:11, support a écrit :\n> Bonjour",
        "Den 4. maj 2026 kl. 10.11 skrev support:\n> Hej",
    ],
)
def test_lines_in_quotation_marks_go_with_their_introduction(quoted: str) -> None:
    """Apple's programs for mobiles quote the introduction too, and senders are written in small letters."""
    assert clean_message(f"It leaks.\n\n{quoted}").text == "It leaks."


@pytest.mark.parametrize("bold", ["", "**"])
def test_an_answer_below_a_block_on_top_stays(bold: str) -> None:
    """A web mailer put the block above, and the customer wrote below it: the whole mail was taken for a quotation."""
    block = "".join(
        f"{bold}{label}:{bold} {value}\n"
        for label, value in (
            ("Gesendet", "Montag, 4. Mai 2026 um 09:43"),
            ("Von", "Hilfe <hilfe@pans.example>"),
        )
    )
    text = f"{block}{bold}An:{bold} Lia\n{bold}Betreff:{bold} Anfrage 41\n"
    own = "Guten Tag,\nich kündige und möchte 45 Euro ausgezahlt bekommen."
    assert clean_message(f"{text}\n{own}").text == own
    assert clean_message(f"{text}\n> Was wünschen Sie?\n\n{own}").text == own
    assert clean_message(f"Anfrage 41\n{text}\n{own}").text == f"Anfrage 41\n\n{own}"


def test_a_list_below_a_name_stays() -> None:
    """Up to eleven lines with capitals went as names; a signature has a name, a title and a firm."""
    parts = "Left Hinge\nUpper Shelf\nDoor Handle"
    assert (
        clean_message(f"Some parts lack.\nRegards\nLia Duarte\n{parts}").text == f"Some parts lack.\n{parts}"
    )
    signed = "It leaks.\nRegards\nLia Duarte\nHead of Sales\nPander Tools"
    assert clean_message(signed).text == "It leaks."


@pytest.mark.parametrize(
    "note",
    [
        "Replies inline.",
        "You find my answers in red.\n\nThanks, Lia",
        "Antworten unten.",
        "Meine Antworten stehen im Text.",
        "Je réponds en bleu.",
        "Contesto en rojo.",
        "Rispondo nel testo.",
        "Respondo no texto.",
        "Mijn antwoorden staan ertussen.",
        "Mine svar står nedenfor.",
        "Mina svar står i texten.",
        "Odpowiadam na czerwono.",
        "Odpovídám v textu.",
        "Отвечаю красным.",
        "Cevaplarım aşağıda.",  # noqa: RUF001 - as it is written
        "文中に回答します。",
        "我用红色回复。",
        "빨간 글씨로 답합니다.",
    ],
)
def test_answers_between_unquoted_lines_stay_where_a_note_announces_them(note: str) -> None:
    """Outlook quotes without signs, and what customers answered there in red went with the questions."""
    block = "From: Pander Support <help@pans.example>\nSent: Monday, 4 May 2026 09:43\nTo: Lia\nSubject: RE: Kettle"
    for introduction in (block, "On Mon, 4 May 2026 at 09:43, Pander <help@pans.example> wrote:"):
        text = f"{note}\n\n{introduction}\n\nWhich kettle is it?\nThe blue one, 7740211."
        assert clean_message(text).text == text


def test_answers_marked_by_more_signs_stay_where_a_note_says_so() -> None:
    """Lines with `>>` are quoted twice otherwise."""
    text = (
        "Mine are behind >>\n\nOn Mon, 4 May 2026 at 09:43, Pander <help@pans.example> wrote:\n"
        "> Which kettle is it?\n>> The blue one, 7740211."
    )
    assert clean_message(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "> pay back 12 EUR\n> end contract 7740211\nNo more than that.\n> erase my data\nRegards, Lia",
        "> 12 EUR zurück\n> Vertrag 7740211 beenden\nMehr will ich nicht.\n> Daten löschen\nGruß, Lia",
        "> rendre 12 EUR\n> finir le contrat\nRien de plus.\n> effacer mon compte\nSalut, Lia",
    ],
)
def test_a_list_behind_signs_stays_where_nothing_introduces_it(text: str) -> None:
    """A line between two of a customer's items made a quotation of all of them."""
    assert clean_message(text).text == text


def test_numbers_and_requests_below_a_name_stay() -> None:
    """Only what looks like a signature goes."""
    text = "Please cancel it.\n\nBest regards\nLia Duarte\nOrder number 90817\nPlease call me today"
    assert clean_message(text).text == "Please cancel it.\n\nOrder number 90817\nPlease call me today"
    assert (
        clean_message("Cancel it.\n-- \nLia Duarte\nOrder number 90817").text
        == "Cancel it.\nOrder number 90817"
    )


def test_the_whole_stays_where_an_unsure_cut_would_leave_little() -> None:
    """A person's own mail below one short line may be what the customer means."""
    block = "From: Lia Duarte\nSent: Monday, 4 May 2026 09:43\nTo: Rolf Fox\nSubject: Kettle\n\n"
    long = "The kettle leaks at its base, and the shop has not answered me for three weeks now. " * 3
    text = f"Hello\n\n{block}{long}".strip()
    assert clean_message(text).text == text
    own = "I have waited for three weeks, and you still have not told me when the money comes. I am angry."
    assert clean_message(f"{own}\n\n{block}{long}").text == own


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Hello<br>write to <lia@home.example> or <https://a.example/x>", ("Hello\nwrite to <lia@home.example> or"
         " <https://a.example/x>")),
        ("<pre>first line\n  second line</pre>", "first line\n  second line"),
        (('<div>It fails:</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px">at 10:15</blockquote>'
         "<div>Help</div>"), "It fails:\nat 10:15\nHelp"),
        (
            "<p>It says</p><blockquote>Cannot open 8080</blockquote><p>Help</p>",
            "It says\n> Cannot open 8080\nHelp",
        ),
        ("The <b>red</b> lamp\nblinks\ntwice", "The red lamp\nblinks\ntwice"),
        ('<p>Yes</p><blockquote type="cite"><p>Shall we?</p></blockquote>', "Yes"),
    ],
)  # fmt: skip
def test_html_keeps_addresses_lines_and_indents(markup: str, text: str) -> None:
    """Addresses vanished as tags, listings lost their lines, and indented text went as a quotation."""
    assert clean_message(markup).text == text


@pytest.mark.parametrize(
    ("sent", "own", "cut"),
    [
        ("  It fails.\r\n-- \r\nLia Duarte", "It fails.", "-- \r\nLia Duarte"),
        (
            "<p>It fails.</p><style>p{}</style><p>-- </p><p>Lia Duarte</p>",
            "It fails.",
            "-- </p><p>Lia Duarte</p>",
        ),
        ("\ud83d\ude00 <p>It fails.</p><p>--</p><p>Lia</p>", "😀\nIt fails.", "--</p><p>Lia</p>"),
    ],
)
def test_what_was_taken_out_is_named_by_its_place_in_the_text_as_sent(sent: str, own: str, cut: str) -> None:
    """Nobody could see what had been left out before a text was scored."""
    message, cuts = clean_with_cuts(sent)
    assert message.text == own
    assert [sent[one.start : one.end] for one in cuts] == [cut]
    assert [one.kind for one in cuts] == ["signature"]


def test_a_long_text_says_where_reading_ended() -> None:
    """Characters beyond the limit were left out without a word."""
    text = "\n" + "word " * 2000
    assert clean_with_cuts(text)[1] == (Cut(kind="truncated", start=4001, end=len(text)),)


LINES = st.sampled_from(
    (
        "", "> quoted", ">50 % of users", "It fails", "On Mon, 4 May 2026 at 10:00, Ann <a@b.example> wrote:", "--",
        "From: Help <help@b.example>", "Sent: Monday", "To: me", "Subject: Re: x", "Thanks", "Ann Example", "-- ",
        "Sent from my iPhone", "##- Please type your reply above this line -##", "Order 12345",
        "---------- Forwarded message ---------", "Hello Ann,", "-----Original Message-----",
    )
)  # fmt: skip


@settings(max_examples=300)
@given(lines=st.lists(LINES, min_size=1, max_size=14))
def test_lines_are_either_kept_or_told(lines: list[str]) -> None:
    """Whatever comes together: each line with content is in the text or in a cut, and never in both."""
    found = strip_replies(lines)
    told = {at for cut in found.cuts for at in range(cut.start, cut.end) if lines[at].strip()}
    assert not told.intersection(found.lines)
    assert all(at in told or not lines[at].strip() for at in set(range(len(lines))).difference(found.lines))
    assert any(lines[at].strip() for at in found.lines) or not any(line.strip() for line in lines)
