import { BoundedMap } from "../bounded-map.ts";
import type { Channel } from "./channel.ts";

interface ChannelOwner {
  readonly serverId: string;
  readonly credentialId: string | null;
}

/**
 * The channels that are open, each used for exactly one identity and credential version, as the session pool hands them
 * out. A channel is a request that goes on: it ends with the credential that it was opened with (promise P8).
 */
export interface Channels {
  /** Beyond the bound, the one that was used longest ago is closed. */
  add(channel: Channel, owner: ChannelOwner): void;
  /** Marks it as used just now. */
  touch(channel: Channel): void;
  /** Called by whoever closes one. */
  remove(channel: Channel): void;
  forgetCredential(credentialId: string): void;
  forgetServer(serverId: string): void;
  closeAll(): void;
}

/** @param max how many there may be */
export function createChannels(max: number): Channels {
  const entries = new BoundedMap<Channel, { readonly channel: Channel; readonly owner: ChannelOwner }>(
    max,
    ({ channel }) => channel.close(),
  );
  const close = (matches: (owner: ChannelOwner) => boolean): void => {
    for (const { channel, owner } of entries.values()) {
      if (matches(owner)) channel.close();
    }
  };
  return {
    add: (channel, owner) => entries.set(channel, { channel, owner }),
    touch: (channel) => void entries.get(channel),
    remove: (channel) => entries.delete(channel),
    forgetCredential: (credentialId) => close((owner) => owner.credentialId === credentialId),
    forgetServer: (serverId) => close((owner) => owner.serverId === serverId),
    closeAll: () => close(() => true),
  };
}
