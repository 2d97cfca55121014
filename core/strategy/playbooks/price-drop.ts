import type { Playbook } from '../playbook/playbook.ts';
import { currency, EVENT_URL, shop, topic } from './shop.ts';

const PRODUCT = '{{ event.properties.product }}';
const NOW = '{{ event.properties.price | money: "[[currency]]" }}';
const BEFORE = '{{ event.properties.oldPrice | money: "[[currency]]" }}';

export const priceDrop: Playbook = {
  id: 'price-drop',
  goal: 'conversion',
  title: { en: 'Price drop', zh: '降价提醒' },
  summary: {
    en: 'Whoever watches a product is told at once when it has become cheaper by enough. Your app sends the event for each of them.',
    zh: '用户关注的商品降价达到设定幅度时立即通知；由您的应用为每位关注者发送事件。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...currency,
    ...topic('price-alerts'),
    priceDropped: {
      kind: 'event',
      default: 'price.dropped',
      properties: {
        product: 'Linen shirt',
        price: 39,
        oldPrice: 59,
        percentOff: 34,
        url: 'https://luma.example/p/linen',
      },
      about: { en: 'A product that this person watches is cheaper', zh: '关注商品降价事件' },
    },
    minimumPercent: {
      kind: 'number',
      minimum: 1,
      maximum: 99,
      default: 10,
      about: { en: 'By how many percent at least', zh: '最低降幅（百分比）' },
    },
  },
  templates: {
    alert: {
      name: { en: 'alert', zh: '提醒' },
      content: {
        en: {
          push: { title: `${PRODUCT} is now ${NOW}`, body: `It was ${BEFORE}. Prices change quickly, so have a look.` },
          email: {
            subject: `Price drop: ${PRODUCT} for ${NOW}`,
            heading: 'Good news: it got cheaper',
            lines: [
              `${PRODUCT}, which you have on your list, now costs ${NOW} instead of ${BEFORE}.`,
              'We cannot say how long this price will last.',
            ],
            button: { text: 'See the product', url: EVENT_URL },
          },
        },
        zh: {
          push: { title: `${PRODUCT}降至${NOW}`, body: `原价${BEFORE}，您关注的商品降价了，快来看看。` },
          email: {
            subject: `降价提醒：${PRODUCT}现价${NOW}`,
            heading: '您关注的商品降价了',
            lines: [`${PRODUCT}由${BEFORE}降至${NOW}。`, '优惠时间有限，喜欢就别错过。'],
            button: { text: '查看商品', url: EVENT_URL },
          },
        },
      },
    },
  },
  plan: {
    kind: 'trigger',
    draft: {
      eventType: '[[priceDropped]]',
      where: [{ property: 'percentOff', atLeast: '[[minimumPercent]]' }],
      templateId: '[[template.alert]]',
      channelPolicy: ['push', 'email'],
      topic: '[[topic]]',
      lane: 'promotional',
      deadline: { hours: 24 },
    },
  },
};
