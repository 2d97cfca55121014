/**
 * How many of a plan's recipients of whom nothing spoke against it the gate refused lately on a channel, as one sender
 * remembers it. A reservation that the
 * gate refuses is billed as a whole write unit, a look beforehand as a tenth of one ($0.0625 to $0.625 per million): where
 * more than a tenth are refused, looking first is cheaper.
 */
export type Refusals = { tried: number; refused: number };

export const NO_REFUSALS: Refusals = { tried: 0, refused: 0 };

const BREAK_EVEN = 0.1;
/** Fewer say nothing about the others. */
const ENOUGH = 20;
/** Of the past this much counts on: it is forgotten over a few batches. */
const MEMORY = 0.75;

export const noteRefusals = (past: Refusals, tried: number, refused: number): Refusals => ({
  tried: past.tried * MEMORY + tried,
  refused: past.refused * MEMORY + refused,
});

export const looksFirst = ({ tried, refused }: Refusals): boolean => tried >= ENOUGH && refused / tried > BREAK_EVEN;
