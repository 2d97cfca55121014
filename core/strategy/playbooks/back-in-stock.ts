import type { Playbook } from '../playbook/playbook.ts';
import { EVENT_URL, STOP, shop, topic } from './shop.ts';

const PRODUCT = '{{ event.properties.product }}';

export const backInStock: Playbook = {
  id: 'back-in-stock',
  goal: 'conversion',
  title: { en: 'Back in stock', zh: '到货通知' },
  summary: {
    en: 'Whoever asked for a sold-out product is told at once when it is back. Your app sends the event for each of them.',
    zh: '用户登记的缺货商品到货后立即通知；由您的应用为每位登记者发送事件。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...topic('stock-alerts'),
    restocked: {
      kind: 'event',
      default: 'product.restocked',
      properties: { product: 'Linen shirt', url: 'https://luma.example/p/linen' },
      about: { en: 'A product that this person waits for is back', zh: '登记商品到货事件' },
    },
  },
  templates: {
    alert: {
      name: { en: 'alert', zh: '通知' },
      content: {
        en: {
          push: { title: `${PRODUCT} is back`, body: 'You asked, we restocked. It may sell out again soon.' },
          email: {
            subject: `Back in stock: ${PRODUCT}`,
            heading: 'It is back',
            lines: [
              `You asked us to tell you: ${PRODUCT} is available again.`,
              'It sold out once already, so do not wait too long.',
            ],
            button: { text: 'Get yours', url: EVENT_URL },
          },
          sms: { text: `[[brand]]: ${PRODUCT} is back in stock: ${EVENT_URL} ${STOP.en}` },
        },
        zh: {
          push: { title: `${PRODUCT}到货了`, body: '您登记的商品已到货，数量有限，先到先得。' },
          email: {
            subject: `到货通知：${PRODUCT}`,
            heading: '您等的商品到货了',
            lines: [`您登记的${PRODUCT}现已到货。`, '上次很快售罄，喜欢请尽快下单。'],
            button: { text: '立即选购', url: EVENT_URL },
          },
          sms: { text: `【[[brand]]】您登记的${PRODUCT}已到货：${EVENT_URL} ${STOP.zh}` },
        },
      },
    },
  },
  plan: {
    kind: 'trigger',
    draft: {
      eventType: '[[restocked]]',
      templateId: '[[template.alert]]',
      channelPolicy: ['push', 'email', 'sms'],
      topic: '[[topic]]',
      lane: 'promotional',
      deadline: { hours: 24 },
    },
  },
};
