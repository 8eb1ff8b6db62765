/**
 * What of the page is there before its script runs.
 *
 * @module
 */

/** The body's beginning: bar, navigation, place for the content, dialog of the credentials. */
export const BODY = `<body>
<a class="skip" href="#content" id="skip">Skip to the content</a>
<header class="bar">
  <button type="button" class="quiet menu" id="menu" aria-expanded="false" aria-controls="nav"><span aria-hidden="true">☰</span><span class="hidden">Menu</span></button>
  <a class="brand" href="#">
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round">
      <circle cx="16" cy="14" r="9"/><circle cx="16" cy="14" r="2.4" fill="currentColor" stroke="none"/>
      <path d="M16 2v6M16 20v6M4 14h6M22 14h6M7.5 5.5l4.3 4.3M20.2 18.2l4.3 4.3M7.5 22.5l4.3-4.3M20.2 9.8l4.3-4.3"/>
      <path d="M2 29c2.3 0 2.3-1.6 4.7-1.6S9 29 11.3 29s2.3-1.6 4.7-1.6S18.3 29 20.7 29s2.3-1.6 4.7-1.6S27.7 29 30 29"/>
    </svg>
    <span class="wide">Millrace <small>API</small></span>
  </a>
  <div class="search" role="search">
    <label for="search" class="hidden">Search operations, guide and errors</label>
    <input id="search" type="search" placeholder="Search" autocomplete="off" spellcheck="false" aria-controls="nav" aria-describedby="found">
    <kbd aria-hidden="true">/</kbd>
    <span id="found" class="hidden" role="status"></span>
  </div>
  <button type="button" class="quiet" id="connect"><span class="lamp" id="lamp"></span><span id="connect-text">Add a key</span></button>
  <button type="button" class="quiet" id="theme" title="Change the colours"><span aria-hidden="true">◐</span> <span class="wide" id="theme-text"></span></button>
</header>
<div class="layout">
  <nav id="nav" aria-label="Documentation"></nav>
  <main id="content" tabindex="-1"><noscript><p>This page needs JavaScript. The document behind it is at
    <code>openapi.json</code>.</p></noscript></main>
</div>
<dialog id="connection" aria-labelledby="connection-title"></dialog>`;
