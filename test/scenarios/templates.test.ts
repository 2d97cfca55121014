import { expect } from 'vitest';
import { bootLocal, localTest } from './boot.ts';
import { addPerson, approve, draftCampaign, submit } from './people.ts';

type Created = { id: string; version: number };
type Test = { id: string; recipients: { name: string; state: string; reason?: string }[] };

const mjml = (text: string) =>
  `<mjml><mj-body>
  {% for one in profile.attributes.goods %}
  <mj-section><mj-column><mj-text>${text} {{ one }}</mj-text></mj-column></mj-section>
  {% endfor %}
  <mj-section><mj-column><mj-text><a href="{{ unsubscribe_url }}">x</a></mj-text></mj-column></mj-section>
</mj-body></mjml>`;

localTest(
  'it reads the inbox of the local cloud',
  'an email in MJML and two languages: colleagues see a test of it, then everybody gets their words; the test counts nowhere',
  async () => {
    const herald = await bootLocal();
    const { api, as, cloud } = herald;
    const template = {
      name: 'News',
      locale: 'en',
      channels: { email: { subject: 'Your list', mjml: mjml('We kept') }, sms: { text: 'Hello' } },
      locales: { 'zh-Hant': { email: { subject: '您的清單', mjml: mjml('我們保留了') } } },
    };
    const { id: templateId } = await api.must<Created>('POST /v1/templates', await as('marketer-mia', template));
    const recipients = [
      { name: 'mia-inbox', channel: 'email', address: 'mia@example.com' },
      { name: 'old-inbox', channel: 'email', address: 'bounce-1@example.com' },
      { name: 'mia-phone', channel: 'sms', address: '+33612345678' },
    ];
    await api.must('PUT /v1/settings/tests', await as('operator-oscar', { version: 0, recipients }));
    const sample = { profile: { locale: 'zh-TW', attributes: { goods: ['Tea', '<b>'] } } };
    const path = `/v1/templates/${templateId}/test-sends`;
    const to = recipients.map(({ name }) => name);
    const sent = await api.must<Test>(`POST ${path}`, await as('marketer-mia', { to, ...sample }));
    await cloud.clock.advance(2 * 3_600_000);

    const [seen] = await cloud.inbox.list({ to: 'mia@example.com' });
    expect(seen).toMatchObject({ title: '[Test] 您的清單' });
    const page = JSON.stringify(seen);
    for (const part of ['我們保留了 Tea', '我們保留了 &lt;b&gt;', '#unsubscribe', 'zh-Hant'])
      expect(page).toContain(part);
    expect(page).not.toContain('/v1/c/');
    const read = () => as('viewer-vera').then((asked) => api.must<Test>(`GET ${path}/${sent.id}`, asked));
    expect((await read()).recipients).toMatchObject([
      { name: 'mia-inbox', state: 'delivered' },
      { name: 'old-inbox', state: 'sent' },
      { name: 'mia-phone', state: 'delivered' },
    ]);
    const suppressed = await api.must<{ items: object[] }>('GET /v1/suppressions', await as('viewer-vera'));
    expect(suppressed.items).toEqual([]);

    // A picture that an email of blocks shows, at an address that everybody can read.
    const dot = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';
    const upload = await as('marketer-mia', { name: 'Dot', content: dot });
    const { id: pictureId, url } = await api.must<{ id: string; url: string }>('POST /v1/materials', upload);
    const picture = await fetch(url);
    expect(picture.headers.get('content-type')).toBe('image/gif');
    expect(Buffer.from(await picture.arrayBuffer()).toString('base64')).toBe(dot);
    const list = [
      { kind: 'image', src: url, alt: 'A dot' },
      { kind: 'footer', unsubscribe: 'Unsubscribe' },
    ];
    const shown = { name: 'Dot', channels: { email: { subject: 'Dot', text: 'A dot', blocks: { list } } } };
    const { id: dotted } = await api.must<Created>('POST /v1/templates', await as('marketer-mia', shown));
    const checked = await api.must<object>(`POST /v1/templates/${dotted}/check`, await as('viewer-vera', {}));
    // The local cloud is no address of the web.
    expect(checked).toMatchObject({ results: [{ channel: 'email', notes: [{ code: 'image-source' }] }] });
    const remove = await api.call(`DELETE /v1/materials/${pictureId}`, await as('marketer-mia'));
    expect(remove).toMatchObject({ status: 409, body: { uses: [{ id: dotted }] } });

    // The campaign: each in their language, the HTML that was approved, and a way out that works.
    const city = { attributes: { city: 'Paris', goods: ['Tea'] } };
    await addPerson(herald, 'lin', { email: 'lin@example.com', ...city });
    await addPerson(herald, 'ada', { email: 'ada@example.com', ...city });
    await api.must('PUT /v1/profiles/lin', await as('marketer-mia', { locale: 'zh_HK' }));
    await cloud.clock.advance(120_000);
    const draft = await draftCampaign(herald, { city: 'Paris', policy: ['email'] });
    const asked = await api.must<Record<string, unknown>>(`GET /v1/campaigns/${draft.id}`, await as('marketer-mia'));
    const { name, audience, channelPolicy, topic } = asked;
    const body = { name, audience, channelPolicy, topic, templateId, version: draft.version };
    const edited = await api.must<typeof draft>(`PUT /v1/campaigns/${draft.id}`, await as('marketer-mia', body));
    await submit(herald, edited);
    await approve(herald, edited);
    await herald.finished(draft.id);
    const [lin] = await cloud.inbox.list({ to: 'lin@example.com' });
    const [ada] = await cloud.inbox.list({ to: 'ada@example.com' });
    expect([lin, ada]).toMatchObject([{ title: '您的清單' }, { title: 'Your list' }]);
    expect(JSON.stringify(lin)).toContain('我們保留了 Tea');
    expect(JSON.stringify(ada)).toMatch(/We kept Tea.*\/v1\/unsubscribe\//s);
    const report = await api.must<object>(`GET /v1/campaigns/${draft.id}/report`, await as('viewer-vera'));
    expect(report).toMatchObject({ recipients: 2, sent: 2 });
  },
);
