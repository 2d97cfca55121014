import type { ErasedPeople } from '../adapters/erased-people.ts';
import { Problem } from './problem.ts';

/** Throws `person-erased` when one of the ids is of somebody who was erased not long ago: no call brings them back unnoticed. */
export const refuseErased =
  (erased: ErasedPeople) =>
  async (ids: readonly string[]): Promise<void> => {
    const isErased = await erased();
    if (ids.some(isErased)) {
      throw new Problem('person-erased', 'Ids of people who were erased are refused for 30 days; use another one');
    }
  };
