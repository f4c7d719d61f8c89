import { defaultRange, type RangeText } from "./time";
import { navigate, useAddress, withParams } from "./router";

/** The address with another range; the default range leaves no trace in it. */
export function addressWithRange(range: RangeText, address?: string): string {
  const isDefault = range.from === defaultRange.from && range.to === defaultRange.to;
  return withParams(isDefault ? { from: "", to: "" } : { from: range.from, to: range.to }, address);
}

/** The range of the view, from the address. Setting it is a step in the history: Back undoes a zoom. */
export function useRange(): [RangeText, (range: RangeText) => void] {
  const params = new URLSearchParams(useAddress().split("?")[1] ?? "");
  const text = { from: params.get("from") ?? defaultRange.from, to: params.get("to") ?? defaultRange.to };
  return [text, (range) => navigate(addressWithRange(range))];
}

/** The range part of the current address, for links that keep it. */
export function rangeQuery(address: string): string {
  const params = new URLSearchParams(address.split("?")[1] ?? "");
  const kept = new URLSearchParams();
  for (const key of ["from", "to"]) if (params.has(key)) kept.set(key, params.get(key) ?? "");
  const text = kept.toString();
  return text === "" ? "" : `?${text}`;
}
