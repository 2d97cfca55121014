/** What the story writes: a win-back, an order notice, a reward. */
export const WIN_BACK_TEMPLATE = {
  name: 'We miss you',
  channels: {
    push: {
      title: 'We miss you, {{ profile.attributes.firstName | default: "friend" }}',
      body: '15 % off your next order this week.',
    },
    sms: {
      text: 'Hi {{ profile.attributes.firstName | default: "friend" }}, 15 % off your next order this week. Reply STOP to end.',
    },
    email: {
      subject: 'We miss you, {{ profile.attributes.firstName | default: "friend" }}',
      html: '<p>Hello {{ profile.attributes.firstName | default: "friend" }},</p><p>here is 15&nbsp;% off your next order{% if profile.attributes.city %} in {{ profile.attributes.city }}{% endif %}.</p>',
    },
  },
};

export const ORDER_TEMPLATE = {
  name: 'Order placed',
  channels: { sms: { text: 'Thank you for your order of ${{ event.properties.amount }}.' } },
};

export const REWARD_TEMPLATE = {
  name: 'Reward at 999',
  channels: {
    push: { title: 'You did it', body: 'You have spent ${{ window.value }} this season: a gift is waiting.' },
    sms: { text: 'You have spent ${{ window.value }} this season: a gift is waiting.' },
    email: {
      subject: 'A gift is waiting',
      html: '<p>You have spent ${{ window.value }} this season: a gift is waiting.</p>',
    },
  },
};
