// The rules of core/publishing for lengths and entities, for text that the server has not seen yet. A test compares both.
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const SIMPLE = /^[\x20-\x7e\n\u00c0-\u02ff]*$/;  // each of these characters is a grapheme

// Counts up to a limit and remembers where the text goes above it.
class Tally {
    constructor(limit, unit = "characters") {
        Object.assign(this, { limit, unit, count: 0, cut: null });
    }

    add(start, weight) {
        this.count += weight;
        if (this.limit !== null && this.cut === null && this.count > this.limit) this.cut = start;
    }

    graphemes(text, offset = 0) {
        if (SIMPLE.test(text)) for (let index = 0; index < text.length; index++) this.add(offset + index, 1);
        else for (const each of segmenter.segment(text)) this.add(offset + each.index, 1);
        return this;
    }

    codePoints(text, weigh = () => 1, offset = 0) {
        for (let index = 0; index < text.length;) {
            const code = text.codePointAt(index);
            this.add(offset + index, weigh(code));
            index += code > 0xffff ? 2 : 1;
        }
        return this;
    }
}

const bytesOf = (code) => code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

const beginning = (text, count) => [...segmenter.segment(text)].slice(0, count).map((each) => each.segment).join("");
const SHOWN_REST = 13, LONG_REST = 15;  // graphemes after the host

// Return the links that Bluesky shows shorter, as core/publishing/networks/bluesky/short_links.py does, in order.
function shortLinks(text) {
    const addresses = new Map(), found = [];
    for (const { start, end, hostEnd, isPublic, bare } of findLinks(text)) {
        const rest = text.slice(hostEnd, end);
        if (!isPublic || rest.length <= LONG_REST || beginning(rest, LONG_REST) === rest) continue;
        const shown = `${text.slice(start, hostEnd).split("//").pop()}${beginning(rest, SHOWN_REST)}…`;
        const url = (bare ? "https://" : "") + text.slice(start, end);
        addresses.set(shown, (addresses.get(shown) ?? new Set()).add(url));
        found.push({ start, end, shown });
    }
    return found.filter(({ shown }) => addresses.get(shown).size === 1 && !text.includes(shown));
}

function measureBluesky(text, { limit }) {
    const characters = new Tally(limit), bytes = new Tally(10 * limit, "bytes");
    const plain = (start, end) => {
        characters.graphemes(text.slice(start, end), start);
        bytes.codePoints(text.slice(start, end), bytesOf, start);
    };
    let last = 0;
    for (const { start, end, shown } of shortLinks(text)) {
        plain(last, start);
        characters.add(start, new Tally(null).graphemes(shown).count);
        bytes.add(start, new Tally(null).codePoints(shown, bytesOf).count);
        last = end;
    }
    plain(last, text.length);
    return bytes.count > 10 * characters.count ? bytes : characters;
}

const REMOTE = new RegExp(`(?<![=/${WORD}])@[${WORD}](?=(?<name>[${WORD}.\\-]*))\\k<name>(?<server>@[${WORD}.\\-]*[${WORD}])`, "gu");

function measureMastodon(text, { limit, url = 23, counts_as_written: asWritten }) {
    const tally = new Tally(limit);
    const plain = (start, end) => {
        const part = text.slice(start, end);
        let last = 0;
        for (const match of part.matchAll(REMOTE)) {
            const until = match.index + match[0].length;
            tally.graphemes(part.slice(last, until - match.groups.server.length), start + last);
            last = until;
        }
        tally.graphemes(part.slice(last), start + last);
    };
    let last = 0;
    for (const link of findLinks(text)) {
        if (!link.isPublic || link.bare) continue;
        plain(last, link.start);
        tally.add(link.start, url);
        last = link.end;
    }
    plain(last, text.length);
    const written = asWritten ? new Tally(limit).codePoints(text) : tally;
    return written.count > tally.count ? written : tally;
}

const EMOJI = /\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3|(?:(?![©®])\p{Extended_Pictographic}\ufe0f?|[©®]\ufe0f)\p{Emoji_Modifier}?[\u{e0020}-\u{e007f}]*(?:\u200d\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?)*/gu;
const LETTER = "a-z0-9\u0400-\u04ff\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0100-\u024f\u0253\u0254\u0256\u0257\u0259\u025b"
    + "\u0263\u0268\u026f\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff";
const PATH = `[${LETTER}!*';:=+,.$/%#\\[\\]\\-–_~@|&]`;
const PARENTHESES = `\\((?:${PATH}+|${PATH}*\\(${PATH}+\\)${PATH}*)\\)`;
const QUERY = "\\?[a-z0-9!?*'@();:&=+$/%#\\[\\]\\-_.,~|]*[a-z0-9\\-_&=#/]";
const X_LINK = new RegExp(
    `https?://(?:t\\.co/[a-z0-9]+|[^/?#]*(?:/(?:(?:${PATH}|${PARENTHESES})*(?:[+\\-${LETTER}=_#/]|${PARENTHESES}))?)?)(?:${QUERY})?`, "iuy",
);
const weightOnX = (code) => code < 0x1100 || (code >= 0x2000 && code < 0x200e) || (code >= 0x2010 && code < 0x2020)
    || (code >= 0x2032 && code < 0x2038) ? 1 : 2;

// Yield the links that X shortens.
function* linksOnX(text) {
    for (let position = 0, link; (link = findLinks(text, position).next().value);) {
        const end = link.start + acceptedLength(text.slice(link.start, link.longestEnd), link);
        if (link.isPublic && end - link.start <= 4096) yield { start: link.start, end };
        position = Math.max(end, link.hostEnd);
    }
}

function acceptedLength(written, link) {
    if (link.bare && written[link.hostEnd - link.start] !== "/") return written.match(/^[^:/?#]*/)[0].length;
    const added = link.bare ? "https://" : "";
    X_LINK.lastIndex = 0;
    return X_LINK.exec(added + written)[0].length - added.length;
}

function measureX(written, { limit }) {
    const tally = new Tally(limit), text = written.normalize();
    const plain = (start, end) => {
        let last = start;
        for (const match of text.slice(start, end).matchAll(EMOJI)) {
            tally.codePoints(text.slice(last, start + match.index), weightOnX, last);
            tally.add(start + match.index, 2);
            last = start + match.index + match[0].length;
        }
        tally.codePoints(text.slice(last, end), weightOnX, last);
    };
    let last = 0;
    for (const link of linksOnX(text)) {
        plain(last, link.start);
        tally.add(link.start, 23);
        last = link.end;
    }
    plain(last, text.length);
    if (tally.cut !== null && text !== written) tally.cut = positionBefore(written, tally.cut);
    return tally;
}

// Return the position in a text that becomes `position` when the text is normalized.
function positionBefore(text, position) {
    let length = 0;
    for (const { index, segment } of segmenter.segment(text)) {
        length += segment.normalize().length;
        if (length > position) return index;
    }
    return text.length;
}

const TAG_OR_RESERVED = /(?<![^\p{White_Space}(])[#＃](?<tag>\p{N}*\p{L}[\p{L}\p{N}\p{M}]*)|[\\|{}@[\]()<>#*_~]/gu;

// LinkedIn's format writes a tag as {hashtag|\#|tag}, and a backslash before reserved characters.
function measureLinkedIn(text, { limit }) {
    const tally = new Tally(limit);
    const plain = (start, end) => {
        for (let index = start; index < end; index++) tally.add(index, 1);
    };
    let last = 0;
    for (const match of text.matchAll(TAG_OR_RESERVED)) {
        plain(last, match.index);
        tally.add(match.index, match.groups.tag ? "{hashtag|\\#|}".length + match.groups.tag.length : 2);
        last = match.index + match[0].length;
    }
    plain(last, text.length);
    return tally;
}

const ESCAPED = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const weightOnSlack = (code) => ESCAPED[String.fromCodePoint(code)]?.length ?? 1;
const RULES = {
    bluesky: measureBluesky,
    mastodon: measureMastodon,
    x: measureX,
    linkedin: measureLinkedIn,
    telegram: (text, { limit }) => new Tally(limit).codePoints(text),
    discord: (text, { limit }) => new Tally(limit).codePoints(text),
    slack: (text, { limit }) => new Tally(limit).codePoints(text, weightOnSlack),
};

// Return the length of a text, its limit or null, their unit, and where the text goes above the limit or null.
// `rule` is what rules.py sends for an account; the options of the post count `added` characters.
function measure(rule, text) {
    const measureText = RULES[rule.network] ?? ((written, { limit }) => new Tally(limit).graphemes(written));
    const { added = 0 } = rule, room = rule.limit === null ? null : Math.max(0, rule.limit - added);
    const { count: own, limit: unitsLeft, unit, cut } = measureText(text, { ...rule, limit: room });
    const count = own + added, limit = unitsLeft === null ? null : unitsLeft + (rule.limit - room);
    return { count, limit, unit, cut: cut === null ? null : segmenter.segment(text).containing(cut)?.index ?? cut };
}

const MENTIONS = {
    bluesky: new RegExp(`(?<![${WORD}@/.])[@＠](?=(?<handle>[a-z0-9\\-]+(?:\\.[a-z0-9\\-]+)+))\\k<handle>`, "giu"),
    mastodon: new RegExp(`(?<![=/${WORD}])@[a-z0-9_]+(?:[a-z0-9_.\\-]*[a-z0-9_])?(?:@[${WORD}.\\-]*[${WORD}])?`, "giu"),
    x: /(?<![a-z0-9_!#$%&*@＠])[@＠](?=(?<name>[a-z0-9_]{1,20}))\k<name>(?![@＠\u00c0-\u024f]|:\/\/)/gi,
    telegram: new RegExp(`(?<![${WORD}@/])@[a-z][a-z0-9_]{3,31}(?![${WORD}])`, "giu"),
};
const TAG = `[#＃](?![\\ufe0f\\u20e3])(?=[${WORD}·]*[\\p{L}\\p{M}])(?=(?<tag>[${WORD}·]+))\\k<tag>`;
const TAG_ON_X = new RegExp(`(?<![${WORD}·&])${TAG}(?![#＃]|://)`, "gu");
const TAG_ELSEWHERE = new RegExp(`(?<![${WORD}&/#＃])${TAG}`, "gu");
const CASHTAG_ON_X = /(?<![^\p{White_Space}])\$[a-z]{1,6}(?:[._][a-z]{1,2})?(?=$|[\p{White_Space}!'#%&()*+,\-./:;<=>?@[\]^_{|}~$])/giu;
const BLUESKY_TAG = /(?<![^\p{White_Space}(])[#＃](?![#＃\ufe0f\u20e3])[^\p{White_Space}\u00ad\u2060\u200b\u200c\u20e2]+/gu;
const CASHTAG = /(?<![^\p{White_Space}(])\$[a-z][a-z0-9]{0,4}(?=$|[\p{White_Space}.,;:!?)"'’])/giu;

function* tagsOnBluesky(text) {
    for (const match of text.matchAll(BLUESKY_TAG)) {
        const tag = match[0].slice(1).replace(/\p{P}+$/u, "");
        if (!/[^\p{Nd}\p{P}\p{M}\u200d]/u.test(tag)) continue;
        if (new Tally(null).graphemes(tag).count > 64 || new Tally(null).codePoints(tag, bytesOf).count > 640) continue;
        yield { start: match.index, end: match.index + 1 + tag.length };
    }
    yield* spans(text, CASHTAG);
}

function* tagsOnX(text) {
    yield* spans(text, TAG_ON_X);
    yield* spans(text, CASHTAG_ON_X);
}

function* tagsOnLinkedIn(text) {
    for (const match of text.matchAll(TAG_OR_RESERVED)) {
        if (match.groups.tag) yield { start: match.index, end: match.index + match[0].length };
    }
}

function* spans(text, pattern) {
    if (!pattern) return;
    for (const match of text.matchAll(pattern)) yield { start: match.index, end: match.index + match[0].length };
}

const TAGS = {
    bluesky: tagsOnBluesky,
    linkedin: tagsOnLinkedIn,
    mastodon: (text) => spans(text, TAG_ELSEWHERE),
    x: tagsOnX,
    telegram: (text) => spans(text, TAG_ELSEWHERE),
};
const NEEDS_SCHEME = ["mastodon", "discord"];

function linksOn(network, text) {
    if (network === "x") return [...linksOnX(text)];
    return [...findLinks(text)].filter((link) => !link.bare || !NEEDS_SCHEME.includes(network));
}

// Return the links, mentions and tags that a network shows as such, in order: [{ start, end, kind }]. `shown` is the text
// of a link that is shown shorter.
function entities(network, text) {
    const found = [];
    const add = (kind, ranges) => {
        for (const { start, end } of ranges) {
            if (found.every((other) => end <= other.start || start >= other.end)) found.push({ start, end, kind });
        }
    };
    add("link", linksOn(network, text));
    if (network === "bluesky") {
        for (const { start, shown } of shortLinks(text)) found.find((each) => each.start === start).shown = shown;
    }
    if (/[@＠]/.test(text)) add("mention", spans(text, MENTIONS[network]));
    if (/[#＃$]/.test(text)) add("tag", TAGS[network]?.(text) ?? []);
    return found.sort((one, other) => one.start - other.start);
}
