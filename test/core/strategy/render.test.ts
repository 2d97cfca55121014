import fc from 'fast-check';
import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import { previewOf } from '../../../core/strategy/preview.ts';
import { RENDER_LIMITS, renderer } from '../../../core/strategy/render.ts';
import type { TemplateContent } from '../../../core/strategy/template.ts';
import type { TemplateVariables } from '../../../core/strategy/template-variables.ts';

const { render, errorsIn, attributesOf, needsOf, missingIn } = renderer(liquidjs);
const sms = (text: string): TemplateContent => ({ name: 't', channels: { sms: { text } } });
const email = (subject: string, html: string, text?: string): TemplateContent => ({
  name: 't',
  channels: { email: { subject, html, ...(text !== undefined && { text }) } },
});
const ada = (attributes: Record<string, unknown> = {}): TemplateVariables => ({
  profile: { profileId: 'ada', email: 'ada@example.com', attributes },
});
const textOf = (template: TemplateContent, variables = ada()): string => {
  const result = render(template, 'sms', variables);
  if (result.kind === 'render-failed') return `FAILED ${result.message}`;
  return result.content.channel === 'sms' ? result.content.text : '';
};

describe('variables', () => {
  test.each([
    [
      'profile fields and attributes',
      '{{ profile.profileId }} {{ profile.email }} {{ profile.attributes.city }}',
      'ada ada@example.com Paris',
    ],
    ['the default filter', '{{ profile.attributes.nick | default: "friend" }}', 'friend'],
    ['a default that is a variable', '{{ profile.attributes.nick | default: profile.attributes.city }}', 'Paris'],
    ['a condition', '{% if profile.attributes.nick %}a{% else %}b{% endif %}', 'b'],
    ['filters', '{{ profile.attributes.city | upcase }} {{ 3 | times: 2 }}', 'PARIS 6'],
    ['lists', '{% for x in profile.attributes.tags %}{{ x }},{% endfor %}', 'a,b,'],
    ['own names', '{% assign x = profile.attributes.city %}{{ x }}', 'Paris'],
    ['dates in UTC', '{{ 0 | date: "%Y-%m-%d %H:%M" }}', '1970-01-01 00:00'],
    ['no escaping in text', '{{ profile.attributes.html }}', '<b>&'],
  ])('%s', (_, source, expected) => {
    expect(textOf(sms(source), ada({ city: 'Paris', tags: ['a', 'b'], html: '<b>&' }))).toBe(expected);
  });

  test.each([
    [
      'an attribute that the person lacks',
      'Hi {{ profile.attributes.city }}',
      'undefined variable: profile.attributes.city',
    ],
    [
      'a default too late',
      '{{ profile.attributes.city | upcase | default: "x" }}',
      'undefined variable: profile.attributes.city',
    ],
    ['an event in a campaign', '{{ event.type }}', 'undefined variable: event'],
    [
      'what objects inherit',
      '{{ profile.attributes.constructor }}',
      'undefined variable: profile.attributes.constructor',
    ],
  ])('%s fails', (_, source, message) => expect(textOf(sms(source))).toContain(`FAILED ${message}`));

  test('event and window of a real-time message', () => {
    const event = {
      id: 'e1',
      type: 'purchase',
      profileId: 'ada',
      source: 'shop',
      timeMs: 0,
      receivedMs: 5,
      properties: { amount: 12.5, items: [{ name: 'Book' }] },
    };
    const source =
      '{{ event.type }} {{ event.properties.amount }} {{ event.properties.items[0].name }} {{ event.time }} {{ window.value }}';
    expect(textOf(sms(source), { ...ada(), event, window: { value: 999 } })).toBe(
      'purchase 12.5 Book 1970-01-01T00:00:00.000Z 999',
    );
  });
});

describe('email', () => {
  const person = ada({ name: '<script>"Bobby" & co' });
  test('escapes in HTML only', () => {
    const hello = 'Hi {{ profile.attributes.name }}';
    expect(render(email(hello, `<p>${hello}</p>`, hello), 'email', person)).toEqual({
      kind: 'rendered',
      content: {
        channel: 'email',
        subject: 'Hi <script>"Bobby" & co',
        html: '<p>Hi &lt;script&gt;&#34;Bobby&#34; &amp; co</p>',
        text: 'Hi <script>"Bobby" & co',
      },
    });
  });
  test('raw opts out', () => {
    const result = render(email('s', '{{ profile.attributes.name | raw }}'), 'email', person);
    expect(result).toMatchObject({ content: { html: '<script>"Bobby" & co' } });
  });
  test('a subject stays on one line, so nobody adds header lines', () => {
    const result = render(
      email('Hi {{ profile.attributes.name }}', 'x'),
      'email',
      ada({ name: 'Ada\r\nBcc: eve@example.com' }),
    );
    expect(result).toMatchObject({ content: { subject: 'Hi Ada Bcc: eve@example.com' } });
  });
  test('a channel without content fails, it does not throw', () => {
    expect(render(sms('x'), 'email', ada())).toMatchObject({ kind: 'render-failed', tooCostly: false });
  });
});

describe('what it may cost', () => {
  const bombs: [string, string][] = [
    ['nested loops', '{% for i in (1..100000) %}{% for j in (1..100000) %}x{% endfor %}{% endfor %}'],
    [
      'three small loops',
      '{% for i in (1..900) %}{% for j in (1..900) %}{% for k in (1..900) %}{% endfor %}{% endfor %}{% endfor %}',
    ],
    ['one endless range', '{% for i in (1..1000000000) %}x{% endfor %}'],
    ['a range that is reused', '{% assign r = (1..1000) %}{% for i in r %}{% for j in r %}x{% endfor %}{% endfor %}'],
    [
      'doubling text',
      '{% assign s = "aaaaaaaaaa" %}{% for i in (1..40) %}{% assign s = s | append: s %}{% endfor %}{{ s }}',
    ],
    ['much output', `{% for i in (1..9000) %}${'x'.repeat(1000)}{% endfor %}`],
    [
      'much captured',
      `{% capture c %}{% for i in (1..9000) %}${'x'.repeat(1000)}{% endfor %}{% endcapture %}{{ c }}{{ c }}`,
    ],
    [
      'tables',
      '{% tablerow i in (1..100000) cols:2 %}{% tablerow j in (1..100000) %}x{% endtablerow %}{% endtablerow %}',
    ],
  ];
  test.each(bombs)('%s', (_, source) => {
    const before = performance.now();
    expect(render(sms(source), 'sms', ada())).toMatchObject({ kind: 'render-failed', tooCostly: true });
    expect(errorsIn(sms(source))).toMatchObject([{ field: 'channels.sms.text', tooCostly: true }]);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  test('a loop over attributes fails for the person who has too many, always at the same count', () => {
    const nested = sms(
      '{% for i in profile.attributes.a %}{% for j in profile.attributes.a %}x{% endfor %}{% endfor %}',
    );
    expect(errorsIn(nested)).toEqual([]);
    const kindFor = (n: number) => render(nested, 'sms', ada({ a: Array(n).fill(1) })).kind;
    const first = Array.from({ length: 200 }, (_, n) => n).find((n) => kindFor(n) === 'render-failed') as number;
    // Each inner round takes two steps, each outer one three.
    expect(2 * first * first + 3 * first).toBeGreaterThan(RENDER_LIMITS.steps);
    for (let again = 0; again < 3; again += 1) {
      expect([kindFor(first - 1), kindFor(first)]).toEqual(['rendered', 'render-failed']);
    }
  });

  test('a long honest template passes', () => {
    const rows = sms('{% for i in (1..500) %}<tr><td>{{ i }}</td></tr>{% endfor %}');
    expect(errorsIn(rows)).toEqual([]);
    expect(textOf(rows)).toContain('<td>500</td>');
  });
});

describe('errorsIn', () => {
  test.each([
    ['a tag that is not closed', 'a\n\nb {% if profile.email %} c', 3, 'not closed'],
    ['a filter that does not exist', 'a\n{{ profile.email | shout }}', 2, 'undefined filter: shout'],
    ['an unknown tag', '{% fetch "x" %}', 1, 'tag "fetch" not found'],
    ['an include', 'x\n{% include "secrets" %}', 2, 'tag "include" not found'],
    ['a render', '{% render "secrets" %}', 1, 'tag "render" not found'],
    ['a layout', '{% layout "secrets" %}', 1, 'tag "layout" not found'],
    ['a variable that does not exist', 'a\nb\n{{ prfile.email }}', 3, 'there is no variable prfile'],
    ['a member that does not exist', '{{ profile.mail }}', 1, 'profile has no member mail'],
    ['all attributes at once', '{{ profile.attributes | json }}', 1, 'name the attribute'],
    ['an attribute that no profile can have', `{{ profile.attributes["it's"] }}`, 1, 'no name of an attribute'],
    ['a computed attribute', '{{ profile.attributes[event.type] }}', 1, 'name the attribute'],
    ['the whole profile', '{% assign p = profile %}{{ p.email }}', 1, 'name a member of profile'],
    ['an unclosed output', 'a {{ profile.email', 1, 'not closed'],
  ])('%s', (_, source, line, message) => {
    expect(errorsIn(sms(source))).toMatchObject([{ field: 'channels.sms.text', line, tooCostly: false }]);
    expect(errorsIn(sms(source))[0]?.message).toContain(message);
  });

  test('names every wrong field', () => {
    const found = errorsIn({
      name: 't',
      channels: { email: { subject: '{{ x }}', html: '{% if %}' }, push: { title: '{{ y }}', body: 'ok' } },
    });
    expect(found.map(({ field }) => field).sort()).toEqual([
      'channels.email.html',
      'channels.email.subject',
      'channels.push.title',
    ]);
  });

  test('never throws, and what it lets pass never throws when rendered', () => {
    const bits = [
      '{{',
      '}}',
      '{%',
      '%}',
      ' profile.email ',
      'if',
      ' for i in (1..3) ',
      'endfor',
      'x',
      '"',
      '|',
      ' default: "y"',
      '\n',
      ' endif ',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...bits), { maxLength: 14 }), (parts) => {
        const template = sms(parts.join('') || 'x');
        errorsIn(template);
        render(template, 'sms', ada());
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('what a template uses', () => {
  const template: TemplateContent = {
    name: 't',
    channels: {
      sms: {
        text: '{{ profile.attributes.b | default: profile.attributes.a }}{% if profile.attributes["c"] == 1 %}{% endif %}',
      },
      email: {
        subject: '{{ profile.email }}',
        html: '{% for x in profile.attributes.list %}{{ x.name }}{% endfor %}{% assign y = profile.attributes.a %}{{ y }}',
      },
      push: { title: '{% case profile.attributes.d.deep %}{% when profile.attributes.e %}{% endcase %}', body: 'x' },
    },
  };
  test('attributes, from all channels, sorted, each once', () => {
    expect(attributesOf(template)).toEqual(['a', 'b', 'c', 'd', 'e', 'list']);
    expect(attributesOf(sms('x'))).toEqual([]);
  });
  test('event and window', () => {
    expect(needsOf(template)).toEqual({ event: false, window: false });
    expect(needsOf(sms('{{ event.properties.x }}'))).toEqual({ event: true, window: false });
    expect(needsOf(sms('{% if window.value > 3 %}{% endif %}'))).toEqual({ event: false, window: true });
  });
  test('a snapshot with only these attributes renders what the whole profile renders', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd');
    const piece = names.map((name) => `{{ profile.attributes.${name} | default: "-" }}`);
    const attributes = fc.dictionary(names, fc.oneof(fc.string(), fc.integer(), fc.boolean()));
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), attributes, (pieces, all) => {
        const some = sms(pieces.join(' '));
        const kept = Object.fromEntries(attributesOf(some).flatMap((name) => (name in all ? [[name, all[name]]] : [])));
        expect(textOf(some, ada(kept))).toBe(textOf(some, ada(all)));
      }),
    );
  });
});

describe('a preview', () => {
  const template: TemplateContent = {
    name: 't',
    channels: {
      sms: { text: 'Hi {{ profile.attributes.name }}' },
      push: { title: 'T', body: '{{ profile.attributes.city | default: "x" }}' },
    },
  };
  test('renders each channel, names failures and what is missing', () => {
    expect(previewOf({ render, missingIn }, template, ada())).toEqual({
      rendered: [{ channel: 'push', title: 'T', body: 'x', notes: [] }],
      failed: [{ channel: 'sms', message: expect.stringContaining('undefined variable: profile.attributes.name') }],
      warnings: [
        { channel: 'push', variable: 'profile.attributes.city', message: 'profile.attributes.city has no value here' },
        { channel: 'sms', variable: 'profile.attributes.name', message: 'profile.attributes.name has no value here' },
      ],
    });
    expect(previewOf({ render, missingIn }, template, ada({ name: 'Ada', city: 'Paris' }))).toMatchObject({
      failed: [],
      warnings: [],
    });
  });
});

test('a message of many long fields ends at a limit of its own', () => {
  const long = `{% for i in (1..450) %}${'x'.repeat(1_000)}{% endfor %}`;
  const webhook = (count: number) => {
    const fields = Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, long]));
    const template = { name: 't', channels: { webhook: { endpointId: 'e', fields } } };
    return render(template, 'webhook', { profile: { profileId: 'ada', attributes: {} } });
  };
  expect([webhook(1).kind, webhook(2)]).toMatchObject([
    'rendered',
    { message: 'output limit exceeded', tooCostly: true },
  ]);
});
