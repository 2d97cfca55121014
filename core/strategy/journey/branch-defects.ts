import { canonicalJson } from '../plan-hash.ts';
import { questionsOf } from './branch-condition.ts';
import { alwaysHold, neverHold } from './contradictions.ts';
import type { Defect } from './defect.ts';
import type { NodeOf } from './journey-node.ts';
import { questionText } from './journey-text.ts';

/** Branches that nobody takes: what they ask contradicts itself, or a branch before them takes everybody. */
export const branchDefects = (id: string, { branches }: NodeOf<'branch'>): Defect[] => {
  const defects: Defect[] = [];
  const before: { name: string; asked: string }[] = [];
  let everybody: string | undefined;
  for (const [n, { name, when }] of branches.entries()) {
    const path = `nodes.${id}.branches.${n}.when`;
    const asked = canonicalJson(when);
    const same = before.find((one) => one.asked === asked);
    if (everybody !== undefined) {
      const message = `Nobody comes to “${name}”: “${everybody}” before it takes everybody`;
      defects.push({ path, code: 'hidden-branch', message });
    } else if (same) {
      defects.push({ path, code: 'hidden-branch', message: `“${name}” asks the same as “${same.name}” before it` });
    } else if (neverHold(when)) {
      const texts = when.flatMap(questionsOf).map(questionText).slice(0, 5).join('; ');
      defects.push({ path, code: 'impossible-branch', message: `“${name}” can never hold: ${texts}` });
    } else if (alwaysHold(when)) everybody = name;
    before.push({ name, asked });
  }
  if (everybody === undefined) return defects;
  const message = `Nobody comes to otherwise: “${everybody}” takes everybody`;
  return [...defects, { path: `nodes.${id}.otherwise`, code: 'hidden-branch', message }];
};
