import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { campaignInput } from '../../../core/strategy/campaign.ts';
import { latePolicyInput } from '../../../core/strategy/late.ts';
import { nextOccurrence } from '../../../core/strategy/schedule.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/campaigns.md'), 'utf8');
const blocks = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) =>
  campaignInput.parse(JSON.parse(text)),
);

test('the campaigns in docs/campaigns.md can be written', () => {
  expect(blocks).toHaveLength(1);
  const schedule = blocks[0]?.repeat?.schedule;
  // Tuesday, the first of December, at nine in Paris.
  expect(schedule && nextOccurrence(schedule, 0)).toMatchObject({ atMs: Date.parse('2026-12-01T08:00Z'), number: 1 });
});

test('so can its policies for what is late', () => {
  const policies = [...page.matchAll(/`(\{"do": [^`]*\})`/g)].map(([, text = '']) => JSON.parse(text) as unknown);
  expect(policies.length).toBeGreaterThan(0);
  for (const policy of policies) expect(latePolicyInput.safeParse(policy).success).toBe(true);
});
