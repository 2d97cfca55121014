import { describe, expect, it } from 'vitest';
import { resolveSegment } from '../../../core/audience/resolve-segment.ts';
import type { Segment } from '../../../core/audience/segment.ts';

const paris: Segment = { attribute: 'city', equals: 'Paris' };
const mail: Segment = { field: 'email', exists: true };
const resolve = (segment: Segment, known: Record<string, Segment>, ownId?: string) =>
  resolveSegment(segment, async (id) => known[id], ownId);

describe('a segment', () => {
  it('that refers to none stays as it is, and nothing is looked up', async () => {
    const segment: Segment = { all: [paris, { not: { any: [mail, { list: 'vips' }] } }] };
    const lookup = async () => {
      throw new Error('nobody asked');
    };
    expect(await resolveSegment(segment, lookup)).toEqual(segment);
  });

  it('gets the rules of others, and of those that they refer to', async () => {
    const known: Record<string, Segment> = { a: { any: [paris, { segment: 'b' }] }, b: { not: mail } };
    expect(await resolve({ segment: 'a' }, known)).toEqual({ any: [paris, { not: mail }] });
    expect(await resolve({ all: [{ segment: 'b' }, { not: { segment: 'a' } }] }, known)).toEqual({
      all: [{ not: mail }, { not: { any: [paris, { not: mail }] } }],
    });
  });

  it('is looked up once, however often it is referred to', async () => {
    const asked: string[] = [];
    const lookup = async (id: string): Promise<Segment> => {
      asked.push(id);
      return id === 'b' ? mail : { all: [{ segment: 'b' }, { segment: 'b' }] };
    };
    await resolveSegment({ any: [{ segment: 'a' }, { segment: 'b' }, { segment: 'a' }] }, lookup);
    expect(asked).toEqual(['a', 'b']);
  });
});

describe('is refused', () => {
  const reasonOf = (segment: Segment, known: Record<string, Segment>, ownId?: string) =>
    resolve(segment, known, ownId).then(
      () => undefined,
      (error: { name: string; reason: string; message: string }) => [error.name, error.reason, error.message],
    );

  it('when another does not exist', async () =>
    expect(await reasonOf({ not: { segment: 'a' } }, {})).toEqual([
      'UnresolvableSegment',
      'unknown',
      'There is no segment a',
    ]));

  it.each<[string, Segment, Record<string, Segment>, string?]>([
    ['itself', { segment: 'a' }, { a: { not: { segment: 'a' } } }],
    ['itself through another', { segment: 'a' }, { a: { segment: 'b' }, b: { any: [paris, { segment: 'a' }] } }],
    ['itself as it is about to be saved', { all: [paris, { segment: 'a' }] }, { a: paris }, 'a'],
    ['the one that is about to be saved', { segment: 'b' }, { a: paris, b: { segment: 'a' } }, 'a'],
  ])('when it refers to %s', async (_, segment, known, ownId) =>
    expect(await reasonOf(segment, known, ownId)).toEqual([
      'UnresolvableSegment',
      'cycle',
      expect.stringMatching(/refer to itself/),
    ]),
  );

  it('when the whole is too deep', async () => {
    let deep: Segment = mail;
    for (let n = 1; n < 15; n += 1) deep = { not: deep };
    const known = { deep };
    const nested = (levels: number): Segment => (levels === 0 ? { segment: 'deep' } : { not: nested(levels - 1) });
    expect(await reasonOf(nested(5), known)).toBeUndefined();
    expect(await reasonOf(nested(6), known)).toEqual([
      'UnresolvableSegment',
      'too-large',
      expect.stringMatching(/20 deep/),
    ]);
  });

  it('when small ones stand for an endless one', async () => {
    const known: Record<string, Segment> = { s0: paris };
    for (let n = 1; n <= 18; n += 1) known[`s${n}`] = { all: [{ segment: `s${n - 1}` }, { segment: `s${n - 1}` }] };
    expect(await reasonOf({ segment: 's3' }, known)).toBeUndefined();
    expect(await reasonOf({ segment: 's18' }, known)).toEqual([
      'UnresolvableSegment',
      'too-large',
      expect.stringMatching(/more than 250 conditions/),
    ]);
  });

  it('when others refer to others without end', async () => {
    const known: Record<string, Segment> = { s0: mail };
    for (let n = 1; n <= 30; n += 1) known[`s${n}`] = { segment: `s${n - 1}` };
    expect(await reasonOf({ segment: 's20' }, known)).toBeUndefined();
    expect(await reasonOf({ segment: 's21' }, known)).toEqual([
      'UnresolvableSegment',
      'too-large',
      expect.stringMatching(/refers to others that refer to others/),
    ]);
  });

  it('before more is looked up than may be in it', async () => {
    let looked = 0;
    const lookup = async (id: string): Promise<Segment> => {
      looked += 1;
      if (id.split('-').length > 2) return mail;
      return { any: Array.from({ length: 100 }, (_, n) => ({ segment: `${id}-${n}` })) };
    };
    const all = Array.from({ length: 100 }, (_, n) => ({ segment: `s-${n}` }));
    await expect(resolveSegment({ any: all }, lookup)).rejects.toMatchObject({ reason: 'too-large' });
    expect(looked).toBeLessThan(320);
  });

  it('when the whole has too many bytes', async () => {
    const long: Segment = {
      any: Array.from({ length: 40 }, (_, n) => ({ attribute: `a${n}`, equals: 'x'.repeat(250) })),
    };
    expect(await reasonOf({ all: [{ segment: 'long' }, { segment: 'long' }] }, { long })).toBeUndefined();
    const thrice: Segment = { all: [{ segment: 'long' }, { segment: 'long' }, { segment: 'long' }] };
    expect(await reasonOf(thrice, { long })).toMatchObject({ 1: 'too-large', 2: expect.stringMatching(/32768 bytes/) });
  });
});
