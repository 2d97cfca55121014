import { describe, expect, test } from 'vitest';
import { documentOf, makePairs, textOf } from '../../../bench/matching/documents.ts';
import { ENGINES, type EngineName } from '../../../bench/matching/engine.ts';
import { referenceMatch } from '../../../bench/matching/rule.ts';
import { hardRules, makeRules } from '../../../bench/matching/rules.ts';

const documents = makePairs(60).map((pair) => documentOf(textOf(pair)));
const corpora = {
  mixed: makeRules(150, 'mixed'),
  shared: makeRules(150, 'shared'),
  hard: hardRules(makeRules(150, 'shared')),
};

// A figure of an engine that matches something else would compare nothing.
describe.each(Object.keys(ENGINES) as EngineName[])('%s', (name) => {
  test.each(Object.entries(corpora))('matches what the reference matches: %s', async (_, rules) => {
    const match = (await ENGINES[name].load())(rules);
    let matches = 0;
    for (const document of documents) {
      const expected = referenceMatch(rules, document).sort();
      expect([...(await match(document))].sort()).toEqual(expected);
      matches += expected.length;
    }
    expect(matches).toBeGreaterThan(30);
  });

  test('no rules, no matches', async () => {
    const match = (await ENGINES[name].load())([]);
    expect(await match(documents[0]!)).toEqual([]);
  });
});
