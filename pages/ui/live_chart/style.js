// Style of the chart. All rules start with .live-chart, because the component is not isolated from the page.

export const STYLE = `
.live-chart { font-family: var(--st-font, sans-serif); font-size: 0.85rem; color: var(--st-text-color); font-variant-numeric: tabular-nums; }
.live-chart [hidden] { display: none !important; }
.live-chart .lc-panels { display: grid; grid-template-columns: 1fr 1fr; align-items: end; gap: 0.5rem 1rem; }
.live-chart.lc-narrow .lc-panels { grid-template-columns: 1fr; }
.live-chart .lc-panel { min-width: 0; }
.live-chart .lc-title { display: flex; flex-wrap: wrap; column-gap: 0.9rem; align-items: center; min-height: 1.5rem; overflow-wrap: anywhere; }
.live-chart .lc-unit { cursor: help; }
.live-chart .lc-key { display: inline-flex; gap: 0.35rem; align-items: center; white-space: nowrap; }
.live-chart .lc-key i { width: 0.8rem; height: 3px; }
.live-chart .lc-key span { min-width: 3.5em; contain: content; }
.live-chart .lc-plot { position: relative; overflow: hidden; touch-action: pan-y; user-select: none; -webkit-user-select: none; cursor: crosshair; }
.live-chart.lc-pans .lc-plot { cursor: grab; }
.live-chart .lc-picture { height: 100%; }
.live-chart .lc-canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; will-change: transform; } /* own layers: new curves do not repaint the axes */
.live-chart .lc-empty { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; pointer-events: none; }
.live-chart .lc-cut { position: absolute; top: 10px; right: 16px; padding: 0 0.3rem; font-size: 0.75rem; pointer-events: none; background: var(--st-background-color); }
.live-chart .lc-box { position: absolute; pointer-events: none; border: 1px solid var(--st-primary-color); background: color-mix(in srgb, var(--st-primary-color) 15%, transparent); }
.live-chart .lc-tip { position: absolute; top: 14px; pointer-events: none; padding: 0.3rem 0.5rem; border-radius: var(--st-base-radius, 6px); font-size: 0.8rem; line-height: 1.35; white-space: nowrap;
  background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color); color: var(--st-text-color); }
.live-chart .lc-tip-run { display: inline-flex; gap: 0.4rem; align-items: center; }
.live-chart .lc-tip-run i, .live-chart .lc-legend i { flex: none; width: 0.7rem; height: 3px; }
.live-chart .lc-legend { display: flex; flex-wrap: wrap; gap: 0.1rem 0.2rem; max-height: 6.5rem; overflow-y: auto; margin-bottom: 0.4rem; }
.live-chart .lc-legend button { display: inline-flex; gap: 0.35rem; align-items: center; max-width: 14rem; }
.live-chart .lc-legend span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.live-chart .lc-legend button[aria-pressed] { background: none; color: inherit; font-weight: 400; }
.live-chart .lc-legend button[aria-pressed=false] { opacity: 0.45; text-decoration: line-through; }
.live-chart .lc-save { position: relative; margin-left: auto; }
.live-chart .lc-save summary { list-style: none; cursor: pointer; padding: 0 0.4rem; border-radius: var(--st-button-radius, 6px); }
.live-chart .lc-save summary::-webkit-details-marker { display: none; }
.live-chart .lc-save summary:hover { background: var(--st-secondary-background-color); }
.live-chart .lc-save summary:focus-visible { outline: 2px solid var(--st-primary-color); }
.live-chart .lc-save div { position: absolute; right: 0; z-index: 20; display: grid; padding: 0.25rem; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius, 6px); background: var(--st-background-color); }
.live-chart .lc-save div button { text-align: left; white-space: nowrap; padding: 0.3rem 0.6rem; }
.live-chart .lc-save div button:hover { background: var(--st-secondary-background-color); }
.live-chart .lc-controls { display: flex; flex-wrap: wrap; gap: 0.4rem 1.1rem; align-items: center; min-height: 2.2rem; margin-top: 0.25rem; }
.live-chart .lc-controls label { display: inline-flex; gap: 0.4rem; align-items: center; cursor: pointer; }
.live-chart input { accent-color: var(--st-primary-color); margin: 0; }
.live-chart input[type=range] { width: 9rem; }
.live-chart .lc-output { min-width: 3em; }
.live-chart .lc-group { display: inline-flex; border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 6px); overflow: hidden; }
.live-chart button { font: inherit; color: inherit; background: none; border: 0; padding: 0.15rem 0.6rem; cursor: pointer; }
.live-chart .lc-group button + button { border-left: 1px solid var(--st-border-color); }
.live-chart .lc-chips { display: inline-flex; flex-wrap: wrap; gap: 0.4rem; }
.live-chart .lc-chip, .live-chart .lc-reset { border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 6px); }
.live-chart button[aria-pressed=true] { background: var(--st-secondary-background-color); color: var(--st-link-color); font-weight: 600; }
.live-chart button:focus-visible, .live-chart input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.live-chart .lc-group button:focus-visible { outline-offset: -2px; } /* the group hides its overflow */
.live-chart .lc-reset[data-idle] { visibility: hidden; }
.live-chart .lc-note { margin-left: auto; min-width: 7rem; text-align: right; }
.live-chart .lc-spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (pointer: coarse) { .live-chart button, .live-chart .lc-controls label { min-height: 2.4rem; } } /* for fingers */
`
