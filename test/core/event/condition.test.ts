import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { condition } from '../../../core/event/condition.ts';
import { holds } from '../../../core/event/evaluate.ts';
import { triggerInput } from '../../../core/event/trigger-input.ts';
import { fieldErrors } from '../../../lambdas/middleware/parse-request.ts';

/** What the API would answer, or the condition as it was taken. */
const judge = (input: unknown) => {
  const parsed = condition.safeParse(input);
  return parsed.success
    ? parsed.data
    : fieldErrors(parsed.error.issues).map(({ path, message }) => `${path}: ${message}`);
};

describe('taken as it is', () => {
  test.each([
    [{ property: 'a', equals: '' }],
    [{ property: '_a.B9.c_d.e.f', equals: 0 }],
    [{ property: 'constructor.prototype.toString', exists: true }],
    [{ property: '__proto__', exists: false }],
    [{ property: 'a', in: ['a', 1, true] }],
    [{ property: 'a', equals: '\u2028😀\u202e' }],
    [{ property: 'a', equals: -1.7976931348623157e308 }],
    [{ property: 'a', withinDays: 0.001 }],
    [{ property: 'a', before: '2026-11-18T12:00:00.123456789+14:00' }],
    [{ attribute: 'toString', exists: true }],
    [{ attribute: 'sizes', anyItem: { equals: 1 } }],
    [{ property: 'a', anyItem: { item: 'b.c', like: '*' } }],
    [{ property: 'a', everyItem: { any: [{ item: 'b', equals: 1 }, { not: { all: [{ exists: true }] } }] } }],
    [{ field: 'locale', startsWith: 'de' }],
    [{ consent: 'push/a-1', equals: true }],
    [{ suppressed: 'sms', exists: false }],
    [{ contact: 'lastTouch', moreThanDaysAgo: 1 }],
    [{ reference: 'a-1', by: 'line.sku', column: 'margin', atLeast: 1 }],
    [{ all: [{ any: [{ not: { property: 'a', exists: true } }] }] }],
  ])('%j', (input) => expect(judge(input)).toEqual(input));
});

const NO_SUBJECT =
  ': Either all, any or not, or a question about one of property, attribute, field, consent, suppressed, contact, or reference with by and column';
const SHARED =
  'equals, notEquals, in, atLeast, moreThan, atMost, lessThan, contains, startsWith, endsWith, like, exists, before, notBefore, withinDays, moreThanDaysAgo, withinNextDays, moreThanDaysAhead';
const ONE = `Ask exactly one of ${SHARED}`;
const ONE_OF_LIST = `${ONE}, anyItem, everyItem`;
const a = { property: 'a', exists: true };

describe('refused, with where and why', () => {
  test.each<[unknown, string[]]>([
    // No condition at all.
    [undefined, [': Invalid input: expected object, received undefined']],
    [null, [': Invalid input: expected object, received null']],
    [true, [': Invalid input: expected object, received boolean']],
    ['a = 1', [': Invalid input: expected object, received string']],
    [[a], [': Invalid input: expected object, received array']],
    [{}, [NO_SUBJECT]],
    [{ exists: true }, [NO_SUBJECT]],
    [{ constructor: 1 }, ['constructor: Unknown field']],
    // The subject.
    [{ propertie: 'a', equals: 1 }, ['propertie: Unknown field']],
    [{ property: '', exists: true }, ['property: One to five names of letters, digits and _, with dots between them']],
    [
      { property: '.a', exists: true },
      ['property: One to five names of letters, digits and _, with dots between them'],
    ],
    [
      { property: 'a.', exists: true },
      ['property: One to five names of letters, digits and _, with dots between them'],
    ],
    [
      { property: 'a[0]', exists: true },
      ['property: One to five names of letters, digits and _, with dots between them'],
    ],
    [
      { property: 'a b', exists: true },
      ['property: One to five names of letters, digits and _, with dots between them'],
    ],
    [{ property: 'é', exists: true }, ['property: One to five names of letters, digits and _, with dots between them']],
    [
      { property: 'a\n', exists: true },
      ['property: One to five names of letters, digits and _, with dots between them'],
    ],
    [{ property: ['a'], exists: true }, ['property: Invalid input: expected string, received array']],
    [
      { field: 'Email', exists: true },
      ['field: Invalid option: expected one of "email"|"phone"|"pushToken"|"wechatOpenId"|"timeZone"|"locale"'],
    ],
    [
      { suppressed: 'sms/news', exists: true },
      ['suppressed: Invalid option: expected one of "push"|"sms"|"email"|"whatsapp"|"wechat"|"inapp"|"webhook"'],
    ],
    [{ reference: 'p', column: 'c', exists: true }, ['by: Invalid input: expected string, received undefined']],
    [
      { reference: '__proto__', by: 'a', column: 'c', exists: true },
      ['reference: A lower-case letter, then up to 39 lower-case letters, digits and -'],
    ],
    [{ reference: 'p', by: 'a', exists: true }, ['column: Invalid input: expected string, received undefined']],
    [{ ...a, attribute: 'a' }, [NO_SUBJECT]],
    // The question.
    [{ property: 'a' }, [`: ${ONE_OF_LIST}`]],
    [{ property: 'a', exists: true, equals: 1 }, [`: ${ONE_OF_LIST}`]],
    [{ field: 'email' }, [`: ${ONE}`]],
    [{ property: 'a', regex: '(a+)+$' }, ['regex: Unknown field', `: ${ONE_OF_LIST}`]],
    [{ ...a, regex: '(a+)+$' }, ['regex: Unknown field']],
    [{ property: 'a', equals: {} }, ['equals: Text, a finite number, true or false']],
    [{ property: 'a', notEquals: [1] }, ['notEquals: Text, a finite number, true or false']],
    [{ property: 'a', equals: Number.NaN }, ['equals: Text, a finite number, true or false']],
    [{ property: 'a', equals: Number.POSITIVE_INFINITY }, ['equals: Text, a finite number, true or false']],
    [
      { property: 'a', moreThan: Number.NEGATIVE_INFINITY },
      ['moreThan: Invalid input: expected number, received -Infinity'],
    ],
    [{ property: 'a', moreThan: '5' }, ['moreThan: Invalid input: expected number, received string']],
    [{ property: 'a', in: 'abc' }, ['in: Invalid input: expected array, received string']],
    [{ property: 'a', in: ['a', null] }, ['in.1: Text, a finite number, true or false']],
    [{ property: 'a', in: Array(101).fill(1) }, ['in: Too big: expected array to have <=100 items']],
    [{ property: 'a', startsWith: '' }, ['startsWith: Too small: expected string to have >=1 characters']],
    [{ property: 'a', like: '*'.repeat(257) }, ['like: Too big: expected string to have <=256 characters']],
    [{ property: 'a', endsWith: '\udc00' }, ['endsWith: NUL and lone surrogates are not text']],
    [{ property: 'a', in: ['\u0000'] }, ['in.0: NUL and lone surrogates are not text']],
    [{ property: 'a', exists: 1 }, ['exists: Invalid input: expected boolean, received number']],
    [{ property: 'a', notBefore: '18.11.2026' }, ['notBefore: Not an ISO 8601 date']],
    [{ property: 'a', before: 1_795_000_000_000 }, ['before: Invalid input: expected string, received number']],
    [{ property: 'a', withinNextDays: 36_526 }, ['withinNextDays: Too big: expected number to be <=36525']],
    [{ property: 'a', moreThanDaysAhead: -0.5 }, ['moreThanDaysAhead: Too small: expected number to be >=0']],
    // The tree: the path leads to the slip.
    [{ all: [] }, ['all: Too small: expected array to have >=1 items']],
    [{ any: a }, ['any: Invalid input: expected array, received object']],
    [{ any: Array(101).fill(a) }, ['any: Too big: expected array to have <=100 items']],
    [{ not: [a] }, ['not: Invalid input: expected object, received array']],
    [{ all: [a], any: [a] }, [NO_SUBJECT]],
    [
      { all: [a, { any: [a, { not: { property: 'a', equals: null } }] }] },
      ['all.1.any.1.not.equals: Text, a finite number, true or false'],
    ],
    [{ property: 'a', anyItem: 1 }, ['anyItem: Invalid input: expected object, received number']],
    [{ property: 'a', anyItem: {} }, ['anyItem: all, any, not, or a question, with item or without']],
    [{ property: 'a', anyItem: { item: 'b' } }, [`anyItem: ${ONE}`]],
    [
      { property: 'a', anyItem: { item: 'b..c', equals: 1 } },
      ['anyItem.item: One to five names of letters, digits and _, with dots between them'],
    ],
    [{ property: 'a', anyItem: { property: 'b', equals: 1 } }, ['anyItem.property: Unknown field']],
    [
      { property: 'a', anyItem: { all: [{ equals: 1 }, { exists: 'no' }] } },
      ['anyItem.all.1.exists: Invalid input: expected boolean, received string'],
    ],
    [{ consent: 'sms', anyItem: { equals: 1 } }, ['anyItem: Unknown field', `: ${ONE}`]],
    // Hostile, and still told.
    [JSON.parse('{"property":"a","exists":true,"__proto__":{"polluted":1}}'), ['__proto__: Unknown field']],
    [JSON.parse('{"not":{"property":"a","exists":true},"__proto__":1}'), ['__proto__: Unknown field']],
  ])('%j', (input, errors) => expect(judge(input)).toEqual(errors));

  it('tells all slips of a trigger, each with its place', () => {
    const input = {
      ...{ name: 'T', templateId: 't', channelPolicy: ['sms'], topic: 't', lane: 'transactional', eventType: 'a' },
      where: [a, { property: 'a', atLeast: '1' }],
      window: { after: { eventType: 'b', where: [{ all: [{ property: 'b', like: '' }] }] }, within: { hours: 1 } },
    };
    const parsed = triggerInput.safeParse(input);
    expect(fieldErrors(parsed.error?.issues ?? [])).toEqual([
      { path: 'where.1.atLeast', message: 'Invalid input: expected number, received string' },
      {
        path: 'window.after.where.0.all.0.like',
        message: 'Too small: expected string to have >=1 characters',
      },
    ]);
  });

  it('refuses a period that ends before it begins', () => {
    const period = (until: string) => {
      const window = { count: true, since: '2026-11-18T12:00:00Z', until, reaches: 1 };
      const rest = { name: 'T', templateId: 't', channelPolicy: ['sms'], topic: 't', lane: 'transactional' };
      const parsed = triggerInput.safeParse({ ...rest, eventType: 'a', window });
      return fieldErrors(parsed.error?.issues ?? []);
    };
    expect(period('2026-11-18T12:00:00.001Z')).toEqual([]);
    expect(period('2026-11-18T13:00:00+01:00')).toEqual([
      { path: 'window.until', message: 'A period ends after it begins' },
    ]);
  });
});

it('whatever is asked, it is refused with words or can be evaluated', () => {
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ maxDepth: 3 }, fc.anything(), tie('node')),
    node: fc.dictionary(
      fc.constantFrom(
        'all',
        'any',
        'not',
        'property',
        'attribute',
        'equals',
        'in',
        'anyItem',
        'item',
        'like',
        '__proto__',
      ),
      fc.oneof(fc.constantFrom('a', 1, null), tie('tree'), fc.array(tie('tree'), { maxLength: 3 })),
      { maxKeys: 3 },
    ),
  }));
  fc.assert(
    fc.property(tree, (input) => {
      const parsed = condition.safeParse(input);
      if (!parsed.success) {
        for (const { message } of fieldErrors(parsed.error.issues)) expect(message.length).toBeGreaterThan(5);
        return;
      }
      const event = { type: 't', timeMs: 0, properties: { a: [1, 'a', { a: 1 }] } };
      expect(typeof holds(parsed.data, { event })).toBe('boolean');
    }),
    { numRuns: 5_000 },
  );
});
