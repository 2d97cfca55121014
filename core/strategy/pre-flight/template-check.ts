import type { Channel } from '../../delivery/channel.ts';
import type { Renderer } from '../render.ts';
import type { Lookup } from '../template/catalogue.ts';
import { notesOn } from '../template/notes.ts';
import type { TemplateContent } from '../template.ts';
import type { Recipient } from './fate.ts';
import type { Summary } from './pre-flight.ts';

/** Parsing pages for notes takes milliseconds each. */
const MAX_CHECKED = 200;

/** Counts what there is to say about messages while they are rendered. No text of theirs is kept, for that is about people. */
export const templateCheck = (
  liquid: Pick<Renderer, 'render' | 'missingIn'>,
  templateOf: (recipient: Recipient) => TemplateContent,
  catalogue: Lookup | undefined,
) => {
  const counts = { rendered: 0, failed: 0, checked: 0 };
  const missing = new Map<string, { channel: Channel; variable: string; people: number }>();
  const notes = new Map<string, { channel: Channel; code: string; people: number }>();
  const add = <T extends { people: number }>(to: Map<string, T>, key: string, first: T): void => {
    const known = to.get(key);
    if (known) known.people += 1;
    else to.set(key, first);
  };
  const most = <T extends { people: number }>(of: Map<string, T>): T[] =>
    [...of.values()].sort((one, other) => other.people - one.people).slice(0, 20);
  return {
    /** Whether this recipient's message can be rendered on the channel. */
    renders(recipient: Recipient, channel: Channel): boolean {
      const template = templateOf(recipient);
      const variables = { profile: recipient.row, ...(catalogue && { catalogue }) };
      const result = liquid.render(template, channel, variables);
      counts[result.kind === 'rendered' ? 'rendered' : 'failed'] += 1;
      if (counts.checked < MAX_CHECKED) {
        counts.checked += 1;
        for (const variable of liquid.missingIn(template, channel, variables))
          add(missing, `${channel} ${variable}`, { channel, variable, people: 1 });
        const codes = result.kind === 'rendered' ? notesOn(result.content).map(({ code }) => code) : [];
        for (const code of new Set(codes)) add(notes, `${channel} ${code}`, { channel, code, people: 1 });
      }
      return result.kind === 'rendered';
    },
    found: (): Summary['template'] => ({ ...counts, missing: most(missing), notes: most(notes) }),
  };
};
