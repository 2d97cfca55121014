import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CampaignState } from '../../../core/strategy/campaign.ts';
import {
  CAMPAIGN_ACTIONS,
  type CampaignAction,
  nextState,
  transitions,
} from '../../../core/strategy/campaign-states.ts';

/** No way leads out of these. */
const isFinal = (state: CampaignState): boolean => Object.keys(transitions[state]).length === 0;

/** The table once more, as a person would write it down: from action to. */
const ALLOWED = `
draft edit draft
draft submit in review
draft cancel cancelled
in review edit draft
in review approve approved
in review reject rejected
in review expire draft
in review cancel cancelled
rejected edit draft
rejected cancel cancelled
approved schedule scheduled
approved cancel cancelled
approved fail failed
scheduled prepare preparing
scheduled finish finished
scheduled pause paused
scheduled cancel cancelled
scheduled fail failed
preparing send sending
preparing pause paused
preparing cancel cancelled
preparing fail failed
sending pause paused
paused resume sending
paused reschedule scheduled
paused finish finished
paused cancel cancelled
paused fail failed
sending finish finished
sending cancel cancelled
sending fail failed`
  .trim()
  .split('\n')
  .map((line) => {
    const action = CAMPAIGN_ACTIONS.find((name) => line.includes(` ${name} `)) as CampaignAction;
    const [from, to] = line.split(` ${action} `) as [CampaignState, CampaignState];
    return { from, action, to };
  });
const STATES = Object.keys(transitions) as CampaignState[];

describe('the transition table', () => {
  test.each(STATES.flatMap((from) => CAMPAIGN_ACTIONS.map((action) => ({ from, action }))))(
    '$from + $action',
    ({ from, action }) => {
      expect(nextState(from, action)).toBe(ALLOWED.find((row) => row.from === from && row.action === action)?.to);
    },
  );

  test('every action is used, every state is reached from draft, and every state has a way to an end', () => {
    const used = new Set(STATES.flatMap((state) => Object.keys(transitions[state])));
    expect([...used].sort()).toEqual([...CAMPAIGN_ACTIONS].sort());
    const reach = (start: CampaignState) => {
      const seen = new Set<CampaignState>([start]);
      for (const state of seen) for (const next of Object.values(transitions[state])) seen.add(next);
      return seen;
    };
    expect([...reach('draft')].sort()).toEqual([...STATES].sort());
    for (const state of STATES) expect([...reach(state)].some(isFinal), state).toBe(true);
  });

  test('no sequence of actions leaves the table, and nothing is sent that was not approved', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...CAMPAIGN_ACTIONS), { maxLength: 40 }), (actions) => {
        let state: CampaignState = 'draft';
        let approved = false;
        for (const action of actions) {
          const next: CampaignState | undefined = nextState(state, action);
          if (next === undefined) continue;
          expect(isFinal(state)).toBe(false);
          expect(STATES).toContain(next);
          if (action === 'approve') approved = true;
          if (next === 'draft') approved = false;
          if (next === 'scheduled' || next === 'sending' || next === 'paused') expect(approved).toBe(true);
          state = next;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
