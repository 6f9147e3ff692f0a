// Finds the links of a text, by the rules of core/publishing/links.py. component.py defines TOP_LEVEL_DOMAINS.
const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d";
const BRACKETS = ["「」", "『』", "（）", "【】", "《》", "〈〉", "〔〕", "［］", "｛｝"];
const CLASS = (characters) => characters.replace(/[\\\]^-]/g, "\\$&");
const BRACKETED = BRACKETS.map(([open, close]) => `${open}[^\\s${open}${close}]*${close}`).join("|");
// A group in a lookahead, and a reference to it, match without going back: the time is linear.
const LINK = new RegExp([
    "(?<![\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}\\p{Nd}@＠$#＃])",
    `(?:https?://(?<host>(?!-)(?=(?<labels>(?:[${WORD}\\p{So}\\p{Emoji_Modifier}\\-]+\\.)*))\\k<labels>(?=(?<top>[\\p{L}\\p{M}\\p{N}\\-]+))\\k<top>)`,
    "|(?<![./_\\-])(?<bare>(?!-)(?=(?<domain>[a-z0-9\\-]+(?:\\.[a-z0-9\\-]+)+))\\k<domain>)(?!://))",
    `(?::\\p{Nd}{1,5}(?!\\p{Nd}))?(?![:${WORD}]{0,80}@)`,
    `(?<rest>(?=(?<tail>[/?#](?:[^\\p{White_Space}<>"，。、！？；：؟؛،۔।॥${CLASS(BRACKETS.join(""))}]+|${BRACKETED})*))\\k<tail>)?`,
].join(""), "giu");
const OPENING = { ")": "(", "]": "[", "}": "{" };
const TRAILING = ".,;:!?'*_~…’‘“”»";

// Yield the links of a text from `from` on. `bare` ones have no scheme; the host with its port ends at `hostEnd`, and the
// link with the punctuation after it at `longestEnd`.
function* findLinks(text, from = 0) {
    if (!text.includes(".") && !text.includes("://")) return;
    const pattern = new RegExp(LINK);
    pattern.lastIndex = from;
    for (let match; (match = pattern.exec(text));) {
        const { host, bare, rest } = match.groups;
        const name = (host ?? bare).toLowerCase(), dot = name.lastIndexOf(".");
        const isPublic = dot > 0 && TOP_LEVEL_DOMAINS.has(name.slice(dot + 1));
        if (bare && !isPublic) continue;
        const start = match.index, end = start + withoutPunctuation(match[0]).length, longestEnd = start + match[0].length;
        const hostEnd = Math.min(end, longestEnd - (rest?.length ?? 0));
        yield { start, end, hostEnd, longestEnd, isPublic, bare: Boolean(bare) };
    }
}

function withoutPunctuation(link) {
    const unmatched = {};
    for (const close in OPENING) unmatched[close] = link.split(close).length - link.split(OPENING[close]).length;
    let end = link.length;
    while (end && (TRAILING.includes(link[end - 1]) || unmatched[link[end - 1]] > 0)) {
        end--;
        if (link[end] in unmatched) unmatched[link[end]]--;
    }
    return link.slice(0, end);
}
