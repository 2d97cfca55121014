import type { Statement } from './import-consents.ts';
import { mergeInputs, type ProfileInput } from './profile.ts';

/** What one row says about one person. */
export type ImportRow = Statement & { profileId: string; input: ProfileInput };

/** Rows about one person, in the order of the file. `counted`: how many of them count as imported, once they are written. */
export type ImportPerson = {
  profileId: string;
  input: ProfileInput;
  statements: Statement[];
  counted: number;
  /** Line of the first of them. */
  line: number;
};

/** A row on its way from the file to the tables. Refused rows, which only say no to something, do not count. */
export type SpooledRow = ImportRow & { line: number; counted: boolean };

/** What the rows say about each person: of each field and attribute the last value wins. */
export const peopleOf = (rows: readonly SpooledRow[]): ImportPerson[] => {
  const people = new Map<string, ImportPerson>();
  for (const { profileId: id, input, consents, unsubscribed, line, counted } of rows) {
    const person = people.get(id) ?? { profileId: id, input: {}, statements: [], counted: 0, line };
    people.set(id, person);
    person.input = mergeInputs(person.input, input);
    person.counted += counted ? 1 : 0;
    if (unsubscribed || Object.keys(consents).length > 0)
      person.statements.push({ consents, ...(unsubscribed && { unsubscribed }) });
  }
  return [...people.values()];
};
