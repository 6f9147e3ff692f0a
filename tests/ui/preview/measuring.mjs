// Measures texts by the script of the preview and, if `libraries` is a path, by the libraries of X and Bluesky that are
// installed beside it. Reads JSON from standard input, writes JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { script, rules, texts, libraries } = JSON.parse(readFileSync(0, "utf8"));
const { measure, entities, handSplit } = await import(`data:text/javascript,${encodeURIComponent(`${script}\nexport { measure, entities, handSplit };`)}`);
const ours = texts.map((text) => Object.fromEntries(Object.entries(rules).map(([name, rule]) => [
    name,
    { ...measure(rule, text), entities: entities(rule.network, text).map(({ start, end, kind }) => [kind, text.slice(start, end)]) },
])));
let theirs = null;
if (libraries) {
    const load = createRequire(libraries);
    const twitter = load("twitter-text"), { RichText } = load("@atproto/api");
    theirs = texts.map((text) => {
        const rich = new RichText({ text });
        rich.detectFacetsWithoutResolution();
        const found = twitter.extractEntitiesWithIndices(text);
        return {
            x: twitter.parseTweet(text).weightedLength,
            xEntities: found.map(({ indices: [start, end], ...kind }) => [
                kind.url ? "link" : kind.screenName ? "mention" : "tag", text.slice(start, end)]),
            graphemes: rich.graphemeLength,
            bluesky: [...rich.segments()].filter((each) => each.facet).map((each) => [
                each.isLink() ? "link" : each.isMention() ? "mention" : "tag", each.text]),
        };
    });
}
console.log(JSON.stringify({ ours, theirs, parts: texts.map(handSplit) }));
