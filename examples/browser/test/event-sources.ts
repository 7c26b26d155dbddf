/** To be imported first in a page: every EventSource that is made there, in order. */
export const eventSources: EventSource[] = [];

globalThis.EventSource = class extends EventSource {
  constructor(...parameters: ConstructorParameters<typeof EventSource>) {
    super(...parameters);
    eventSources.push(this);
  }
};
