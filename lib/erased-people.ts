import { type Binding, reads, readsAndPuts, readsSecret, rewrites } from './kit/bindings.ts';
import type { State } from './state.ts';

type Bindings = Record<'ERASURES_TABLE' | 'ERASURE_KEY_ARN', Binding>;
const bindings = (table: Binding, { erasureKey }: State): Bindings => ({
  ERASURES_TABLE: table,
  ERASURE_KEY_ARN: readsSecret(erasureKey),
});

/** For every function that could bring back somebody who was erased (see lambdas/adapters/erased-people.ts). */
export const knowsErased = (state: State): Bindings => bindings(reads(state.erasures), state);
/** For those that take erasures and work on them. */
export const keepsErasures = (state: State): Bindings => bindings(readsAndPuts(state.erasures), state);
/** The same, and forgets whom a finished one was about. */
export const finishesErasures = (state: State): Bindings => bindings(rewrites(state.erasures), state);
