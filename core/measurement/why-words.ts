/** Each reason in words: because of what, and what would have had to be otherwise. */
export const WHY_WORDS: Readonly<Record<string, { because: string; otherwise: string }>> = {
  'no-address': {
    because: 'no address for this channel was known',
    otherwise: 'An address for this channel in the profile, before the recipients were written down.',
  },
  'no-consent': {
    because: 'the person had not agreed to this channel and topic',
    otherwise: 'A yes of the person to the channel, or to the channel and topic, and no later no.',
  },
  suppressed: {
    because: 'the address was suppressed',
    otherwise: 'No bounce, complaint or opt-out at the provider before.',
  },
  'frequency-cap': {
    because: 'the person had as many messages, of all or on this topic, as a frequency cap allows',
    otherwise:
      'Fewer messages within the time of the cap, or a plan of high priority where touches are kept for those.',
  },
  'channel-cap': {
    because: 'the person had as many messages by this channel as a cap allows',
    otherwise: 'Fewer messages within the time of that cap.',
  },
  'minimum-gap': {
    because: 'another message had gone out shortly before',
    otherwise: 'More time between the two messages than the minimum gap.',
  },
  'quiet-hours': {
    because: 'it was a time at which the person is not to be disturbed',
    otherwise: 'Another time of day in the time zone of the person.',
  },
  'sms-window': {
    because: 'the law forbids text messages at that hour where the person is',
    otherwise: 'Another time of day at the place of the phone number.',
  },
  'over-budget': {
    because: 'another attempt would have cost more than the plan may spend on one person',
    otherwise: 'A larger budget in the plan, or cheaper attempts before.',
  },
  duplicate: {
    because: 'the person had got the same content not long before',
    otherwise: 'Other content, or more time between the two.',
  },
  'too-late': { because: 'its deadline had passed', otherwise: 'An earlier turn, or a later deadline in the plan.' },
  'plan-cancelled': { because: 'the plan had been cancelled', otherwise: 'The plan not cancelled before their turn.' },
  holdout: {
    because:
      'the person is held out: chance has put them among those who get nothing, of this plan or of all, so that its effect can be measured',
    otherwise: 'A smaller holdout, or other people in it since it was shuffled anew.',
  },
  'plan-paused': { because: 'the plan was paused', otherwise: 'The plan not paused when their turn came.' },
  'profile-missing': { because: 'there was no profile of the person', otherwise: 'A profile with an address.' },
  'render-failed': {
    because: 'the template could not be filled in for the person',
    otherwise: 'Values for all that the template names, or a default in the template.',
  },
  erased: { because: 'the person had been erased', otherwise: 'Nothing: who was erased gets no messages.' },
  'opted-out': {
    because: 'the person has opted out at the provider',
    otherwise: 'No opt-out at the provider, which only the person can take back.',
  },
  'address-refused': { because: 'the provider refuses the address', otherwise: 'An address that works.' },
  'provider-refused': {
    because: 'the provider refused the message',
    otherwise: 'Content, or an endpoint, that the provider accepts.',
  },
  'provider-unavailable': {
    because: 'the provider could not take the message, however often it was tried',
    otherwise: 'A provider that answers within the time for which it is tried.',
  },
  'not-delivered': {
    because: 'nobody confirmed its delivery in time',
    otherwise: 'A receipt of its delivery within the time that the plan gives.',
  },
  'not-opened': {
    because: 'the message was not opened in time',
    otherwise: 'An opening within the time that the plan gives.',
  },
  'unknown-after-crash': {
    because:
      'a sender died, or got no answer, while the provider had the message; it may have arrived, and is not sent twice',
    otherwise: 'An answer of the provider that arrived.',
  },
};
