// The curator's own pace: papers today, seconds a paper, papers in a row.

import { t } from "../texts.js";
import { debounce, h } from "./dom.js";

export function createPace(api) {
  const element = h("span", { class: "wb-pace", hidden: true });
  const later = debounce(load, 1200);

  async function load() {
    try {
      show(await api.pace(-new Date().getTimezoneOffset()));
    } catch (error) {
      if (error.name !== "ApiError") throw error; // the next decision asks again
    }
  }

  function show({ today, per_hour: hourly, median_lead_ms: lead, run }) {
    const parts = [
      t("review.pace_today", { n: today }),
      lead === null ? null : t("review.pace_each", { time: duration(lead) }),
      run > 1 ? t("review.pace_run", { n: run }) : null,
    ];
    element.hidden = today === 0;
    element.textContent = parts.filter(Boolean).join(" · ");
    element.title = t("review.pace_hour", { n: hourly });
  }

  load();
  return { element, later, destroy: () => later.cancel() };
}

/** A time in the words of the pace: "38 s", "2:05 min". */
export function duration(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;
}
