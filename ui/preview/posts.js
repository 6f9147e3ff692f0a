// The posts that an account gets of a text, each with its length. What the server measured counts for its own text.
const DASHES = /^[ \t]*---[ \t\r]*$/m;

function handSplit(text) {
    const parts = text.split(DASHES);
    return parts.length === 1 ? parts : parts.map((part) => part.trim());
}

// Split what is too long before the server does: at the last end of a paragraph, a line, a sentence or a word.
function splitLong(rule, text, numbered) {
    const room = { ...rule, limit: rule.limit - (numbered ? " 10/10".length : 0) };
    const parts = [];
    for (let rest = text; rest;) {
        const { cut } = measure(room, rest);
        if (cut === null || cut === 0) {
            parts.push(rest);
            break;
        }
        const start = rest.slice(0, cut + 1), half = cut / 2;
        const at = [/\n\s*\n/g, /\n/g, /[.!?…。！？]["'”’»)\]]*\s/g, /\s/g]
            .map((pattern) => [...start.matchAll(pattern)].pop())
            .map((match) => match ? match.index + match[0].trimEnd().length : 0).find((end) => end >= half) ?? cut;
        parts.push(rest.slice(0, at).trimEnd());
        rest = rest.slice(at).trimStart();
    }
    return numbered ? parts.map((part, index) => `${part} ${index + 1}/${parts.length}`) : parts;
}

function writtenParts(account, text) {
    const written = handSplit(text);
    const parts = account.threads || written.length === 1 ? written : [written.filter(Boolean).join("\n\n")];
    return parts.flatMap((part, index) => {
        const split = account.resplit && measure(account.rule, part).cut !== null
            ? splitLong(account.rule, part, account.resplit === "numbered") : [part];
        return split.map((each) => ({ text: each, written: index + 1 }));
    });
}

// Of a written part that was split again, the first part has the media, as in core/posts/part_media.py.
function addMedia(parts, media) {
    const last = Math.max(...parts.map((part) => part.written));
    for (const part of parts) part.media = [];
    for (const each of media) {
        (parts.find((part) => part.written === Math.min(each.part ?? 1, last)) ?? parts[0]).media.push(each);
    }
}

// The first part with the link has the card, unless it has media, as in core/publishing/link_cards/attached_card.py. Without
// the link, only a network that is sent a card shows it.
function addCard(parts, card) {
    if (!card) return;
    const hasLink = ({ text }) => [...findLinks(text)].some(({ start, end, bare }) => (bare ? "https://" : "") + text.slice(start, end) === card.url);
    const part = parts.find(hasLink) ?? (card.attached ? parts[0] : null);
    if (part && !part.media.length) part.card = card;
}

// Return the posts of an account: [{ text, media, card, count, limit, unit, cut }].
function postsOf(account, text) {
    const measured = text === account.text;
    const parts = (measured ? account.parts : writtenParts(account, text)).map((part) => ({ ...part }));
    addMedia(parts, account.media);
    addCard(parts, account.card);
    for (const part of parts) {
        const { caption } = account.rule;
        const rule = part.media.length && caption ? { ...account.rule, limit: caption } : account.rule;
        const { cut, ...length } = measure(rule, part.text);
        Object.assign(part, measured ? {} : length, { cut });
        if (rule.limit === caption) part.limit = caption;
        if (part.limit === null || part.count <= part.limit) part.cut = null;
    }
    return parts;
}

const left = ({ count, limit }) => limit === null ? Infinity : limit - count;

// Return the post with the least room.
const fullest = (posts) => posts.reduce((least, each) => left(each) < left(least) ? each : least);
