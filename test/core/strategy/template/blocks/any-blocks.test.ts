import fc from 'fast-check';
import * as liquidjs from 'liquidjs';
import { expect, test } from 'vitest';
import { renderer } from '../../../../../core/strategy/render.ts';
import type { EmailBlock } from '../../../../../core/strategy/template/blocks/blocks.ts';
import { contentOf, templateInput } from '../../../../../core/strategy/template.ts';
import { compileTemplate } from '../../../../../lambdas/strategy/compile-template.ts';

const liquid = renderer(liquidjs);
const sent = async (list: EmailBlock[], attributes: Record<string, unknown>) => {
  const input = templateInput.parse({ name: 't', channels: { email: { subject: 's', blocks: { list } } } });
  const template = await compileTemplate(input, liquid);
  const result = liquid.render(contentOf(template), 'email', { profile: { profileId: 'ada', attributes } });
  if (result.kind === 'render-failed' || result.content.channel !== 'email') throw new Error(JSON.stringify(result));
  return result.content.html;
};
const times = (text: string, part: string) => text.split(part).length - 1;

const words = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .filter((text) => !/\{[{%]/.test(text) && text.trim() !== '');
const guard = fc.constantFrom({}, { showIf: 'true' }, { showIf: '1 < 2' });
const leaf = fc.oneof(
  fc.record({ kind: fc.constant('heading' as const), text: words, level: fc.constantFrom(1, 2, 3) }),
  fc.record({ kind: fc.constant('text' as const), text: words }),
  fc.record({
    kind: fc.constant('text' as const),
    text: fc.array(fc.record({ text: words, bold: fc.boolean() }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('button' as const), text: words, href: words }),
  fc.record({ kind: fc.constant('image' as const), src: words, alt: words }),
  fc.record({ kind: fc.constant('footer' as const), unsubscribe: words }),
  fc.constant({ kind: 'divider' as const }),
);
const element = fc.tuple(leaf, guard).map(([one, more]) => ({ ...one, ...more }));
const columns = fc
  .array(fc.array(element, { maxLength: 2 }), { minLength: 2, maxLength: 4 })
  .map((all) => ({ kind: 'columns' as const, columns: all.map((elements) => ({ elements })) }));
const repeat = fc
  .array(fc.oneof(element, columns), { minLength: 1, maxLength: 2 })
  .map((blocks) => ({ kind: 'repeat' as const, of: 'profile.attributes.one', blocks }));
const list = fc.array(fc.oneof(element, columns, repeat), { minLength: 1, maxLength: 4 });

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', amp: '&', '#123': '{' };
/** What a reader sees: without tags, entities read, white space made one. */
const readable = (html: string) =>
  html
    .replace(/<!--.*?-->|<style.*?<\/style>/gs, '')
    .replace(/\s(?:alt|src|href)="([^"]*)"/g, '>$1<')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(lt|gt|quot|amp|#123);/g, (_, name) => ENTITIES[name] ?? '')
    .replace(/\s+/g, ' ');
const textsOf = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    ['text', 'href', 'src', 'alt', 'unsubscribe'].includes(name) && typeof inner === 'string'
      ? [inner]
      : textsOf(inner),
  );
};

test('any blocks become a page that shows each text as it was written', async () => {
  await fc.assert(
    fc.asyncProperty(list, async (blocks) => {
      const html = await sent(blocks as EmailBlock[], { one: [{}] });
      const seen = readable(html);
      for (const text of textsOf(blocks)) expect(seen).toContain(text.replace(/\s+/g, ' ').trim());
      expect(times(html, '<table')).toBe(times(html, '</table>'));
      expect(times(html, '<!--[if')).toBe(times(html, '<![endif]'));
    }),
    { numRuns: 60 },
  );
});

test('what a text captures is shown as it is written, and what it brings is escaped once', async () => {
  const text =
    '{% capture who %}{{ profile.attributes.one }} & "Co" <x>{% endcapture %}{{ who }}|{{ who | upcase }}|{% if who contains " & " %}y{% endif %}';
  const html = await sent([{ kind: 'text', text }], { one: '<i>' });
  expect(html).toContain('&lt;i&gt; &amp; &quot;Co&quot; &lt;x&gt;|&lt;I&gt; &amp; &#34;CO&#34; &lt;X&gt;|y');
});
