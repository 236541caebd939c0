"""The words of a query: `tag:jazz>0.6 artist:nina not (album:live or seconds>600)`.

Words are joined by and; `or`, `not` and brackets do what they say, `not` binds most. A word alone
is looked for in title, artist, album and path. Text is matched in part and in any case of letters.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from menura.audio.key import parse_key
from menura.errors import QueryError

Row = Mapping[str, object]
Condition = Callable[[Row], bool]

TEXT_FIELDS = ("path", "title", "artist", "album")
NUMBER_FIELDS = ("id", "seconds", "tempo", "tempo_confidence", "key_confidence", "loudness")
FIELDS = (*TEXT_FIELDS, *NUMBER_FIELDS, "key", "tag")

TOKEN = re.compile(r'\s*(?:(?P<bracket>[()])|(?P<word>(?:"[^"]*"|[^\s()"])+)|(?P<open>"))')
COMPARE = re.compile(r"(?P<name>.*?)(?P<sign>>=|<=|>|<|=)(?P<value>.*)", re.DOTALL)
WORD = re.compile(r"(?P<field>[A-Za-z_]+)(?P<rest>:|(?=[<>=]))(?P<value>.*)", re.DOTALL)
RANGE = re.compile(r"(?P<low>.*?[\d.]|)\.\.(?P<high>.*)", re.DOTALL)
SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
}


@dataclass(frozen=True)
class Token:
    text: str
    position: int
    bracket: bool = False


def parse(query: str, tags: Collection[str], taught: Mapping[str, str] | None = None) -> Condition:
    """A condition on rows with the keys of `tracks`; an empty query holds for all.

    `taught` has what a tag of the user's own still lacks, '' for nothing, by its name; it goes
    before the encoder's of the same name. Raises QueryError, which points at the place.
    """
    return Parser(query, tags, taught or {}).whole()


def parse_sort(
    field: str, tags: Collection[str], taught: Mapping[str, str]
) -> Callable[[Row], tuple[bool, Any]]:
    """A key to sort rows by: numbers and tags the largest first, texts by the alphabet.

    Rows without the field come last. Raises QueryError for what is no field.
    """
    parser, name = Parser(field, tags, taught), field.strip().lower()
    if name.startswith("tag:"):
        place, tag = parser.known_tag(field.strip()[4:], 4)
        return lambda row: (False, -row[place][tag])  # type: ignore[index]
    if name not in FIELDS or name == "tag":
        parser.fail(f"there is no field {name!r} to sort by; {', '.join(FIELDS)}:NAME are", 0)
    if name in NUMBER_FIELDS:
        return lambda row: (row[name] is None, -float(row[name] or 0))  # type: ignore[arg-type]
    return lambda row: (not row[name], str(row[name] or "").casefold())


def plain(name: str) -> str:
    """A tag's name as it is compared: without case and quotation marks."""
    return unicodedata.normalize("NFC", name).replace('"', "").casefold()


class Parser:
    """One reading of one query, by recursive descent."""

    def __init__(self, query: str, tags: Collection[str], taught: Mapping[str, str]) -> None:
        self.query = query
        self.tags = {plain(tag): ("tags", tag) for tag in tags}
        self.tags |= {plain(tag): ("taught", tag) for tag in taught}
        self.lacks = taught
        self.tokens = self.split()
        self.at = 0

    def split(self) -> list[Token]:
        tokens, place = [], 0
        while self.query[place:].strip():
            found = TOKEN.match(self.query, place)
            if found is None or found["open"]:
                self.fail("a quotation mark that nothing closes", self.query.rindex('"'))
            kind = "bracket" if found["bracket"] else "word"
            tokens.append(Token(found[kind], found.start(kind), kind == "bracket"))
            place = found.end()
        return tokens

    def fail(self, why: str, position: int) -> NoReturn:
        raise QueryError(f"this query does not parse: {why}", self.query, position)

    @property
    def next(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, text: str) -> bool:
        """Whether the next token is this word or bracket; if so it is behind us."""
        token = self.next
        if token and token.text.lower() == text:
            self.at += 1
            return True
        return False

    def whole(self) -> Condition:
        if not self.tokens:
            return lambda row: True
        condition = self.alternatives()
        if self.next:
            self.fail("a bracket that nothing opens", self.next.position)
        return condition

    def alternatives(self) -> Condition:
        parts = [self.all_of()]
        while self.take("or"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def all_of(self) -> Condition:
        parts = [self.one()]
        while self.next and self.next.text.lower() not in ("or", ")"):
            self.take("and")
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def one(self) -> Condition:
        token = self.next
        if token is None:
            self.fail("something is missing at the end", len(self.query))
        if self.take("not"):
            inner = self.one()
            return lambda row: not inner(row)
        if self.take("("):
            inner = self.alternatives()
            if not self.take(")"):
                self.fail("a bracket that nothing closes", token.position)
            return inner
        if token.bracket or token.text.lower() in ("or", "and"):
            self.fail(f"{token.text!r} has nothing before it", token.position)
        self.at += 1
        return self.word(token)

    def word(self, token: Token) -> Condition:
        found = WORD.fullmatch(token.text)
        if found is None:
            return anywhere(unquote(token.text))
        field, value = found["field"].lower(), found["value"]
        place = token.position + found.start("value")
        if field not in FIELDS:
            self.fail(
                f"there is no field {found['field']!r}; there are {', '.join(FIELDS)}",
                token.position,
            )
        if not value:
            self.fail(f"{field} needs a value", place)
        if field == "tag":
            return self.tag(value, place)
        if field in NUMBER_FIELDS:
            return self.number(field, value, place)
        if field == "key":
            return self.key(unquote(value), place)
        text = unquote(value).casefold()
        return lambda row: text in str(row[field] or "").casefold()

    def tag(self, value: str, place: int) -> Condition:
        compared = COMPARE.fullmatch(value)
        field, tag = self.known_tag(compared["name"] if compared else value, place)
        if not compared:
            return lambda row: row[field][tag] > 0.5  # type: ignore[index]
        holds = self.comparison(
            compared["sign"] + compared["value"], place + compared.start("sign")
        )
        return lambda row: holds(row[field][tag])  # type: ignore[index]

    def known_tag(self, given: str, place: int) -> tuple[str, str]:
        """The field of a row that holds a tag, and the tag as it is called there."""
        name = plain(given)
        if name not in self.tags:
            near = difflib.get_close_matches(name, self.tags, 3)
            hint = f"; near it: {', '.join(near)}" if near else "; `menura tags TRACK` lists them"
            self.fail(f"there is no tag {name!r}{hint}", place)
        field, tag = self.tags[name]
        if field == "taught" and self.lacks[tag]:
            self.fail(f"the tag {tag!r} was not taught enough yet: {self.lacks[tag]}", place)
        return field, tag

    def number(self, field: str, value: str, place: int) -> Condition:
        """No comparison holds for a track without the number: one without a beat, say."""
        holds = self.comparison(value, place)
        return lambda row: row[field] is not None and holds(float(row[field]))  # type: ignore[arg-type]

    def key(self, value: str, place: int) -> Condition:
        wanted = parse_key(value)
        if wanted is None:
            self.fail(
                f'{value!r} is no key; Am, F#m, Bb, "C major" and 8A of Camelot are some', place
            )
        return lambda row: row["key"] is not None and parse_key(str(row["key"])) == wanted

    def comparison(self, text: str, place: int) -> Callable[[float], bool]:
        """`>0.6`, `120..240` or `200`."""
        if between := RANGE.fullmatch(text):
            low, high = self.real(between["low"], place), self.real(between["high"], place)
            if low > high:
                self.fail(
                    f"the range {text} runs backwards; {high:g}..{low:g} holds what lies between",
                    place,
                )
            return lambda value: low <= value <= high
        compared = COMPARE.fullmatch(text)
        sign = SIGNS[compared["sign"]] if compared else SIGNS["="]
        if compared:
            limit = self.real(compared["value"], place + compared.start("value"))
        else:
            limit = self.real(text, place)
        return lambda value: sign(value, limit)

    def real(self, text: str, place: int) -> float:
        try:
            return float(text)
        except ValueError:
            allowed = "120, >120, <=120 and 110..120 are allowed"
            self.fail(f"{text!r} is not a number; {allowed}", place)


def unquote(text: str) -> str:
    return text.replace('"', "")


def anywhere(text: str) -> Condition:
    needle = text.casefold()
    return lambda row: any(needle in str(row[field] or "").casefold() for field in TEXT_FIELDS)
