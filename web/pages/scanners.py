"""Programs that open links by themselves, by what they call themselves. Data: add a line for another one."""

from __future__ import annotations

#: Part of the user agent, lower-case -> who that is.
KNOWN = {
    "bot": "crawlers, and the link previews of Slack, Telegram, Discord, LinkedIn, Teams",
    "crawler": "crawlers",
    "spider": "crawlers",
    "facebookexternalhit": "link previews of Facebook, Messenger and iMessage",
    "facebookcatalog": "Facebook",
    "whatsapp": "link previews of WhatsApp",
    "skypeuripreview": "link previews of Skype and Teams",
    "bingpreview": "Bing",
    "google-safety": "Google's malware checks",
    "googleimageproxy": "Gmail's image proxy",
    "yahoomailproxy": "Yahoo's image proxy",
    "barracuda": "Barracuda's mail gateway",
    "mimecast": "Mimecast's mail gateway",
    "proofpoint": "Proofpoint's mail gateway",
    "symantec": "Symantec's mail gateway",
    "trendmicro": "Trend Micro's mail gateway",
    "cloudmark": "Cloudmark's mail gateway",
    "headlesschrome": "browsers without a screen",
    "phantomjs": "browsers without a screen",
    "curl/": "programs",
    "wget/": "programs",
    "python-": "programs",
    "aiohttp": "programs",
    "go-http-client": "programs",
    "java/": "programs",
    "apache-httpclient": "programs",
    "okhttp": "programs",
    "libwww-perl": "programs",
    "scan": "link scanners that say so",
    "preview": "link previews that say so",
}


def is_scanner(method: str, user_agent: str | None) -> bool:
    """Return whether a request itself shows that no person has clicked: people send GET and a user agent."""
    agent = (user_agent or "").strip().lower()
    return method != "GET" or not agent or any(part in agent for part in KNOWN)
