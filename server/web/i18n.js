// Words of the page in Korean and English; the browser's language decides until a switch.

const WORDS = {
  ko: {
    skip: "질문으로 건너뛰기",
    tagline: "모든 문장에 확인된 근거가 있는 뉴스 문답",
    newConversation: "새 대화",
    articles: "기사 목록",
    otherLanguage: "English",
    otherLanguageLabel: "Switch to English",
    themeLight: "밝게",
    themeDark: "어둡게",
    conversation: "대화",
    source: "출처 기사",
    question: "질문",
    placeholder: "기사에 대해 물어보세요",
    ask: "질문",
    stop: "중지",
    welcome: "무엇이 궁금하세요?",
    welcomeText:
      "답의 모든 문장에는 번호가 붙습니다. 번호를 누르면 기사에서 근거가 된 바로 그 글자를 보여 드립니다. 근거가 없으면 답하지 않습니다.",
    sources: "근거",
    searching: "기사를 찾고 있습니다",
    verifying: "근거를 확인하고 있습니다",
    stopped: "중지했습니다.",
    noAnswer: "답하지 않음",
    nearest: "가장 가까운 대목",
    openSource: (marker, quote) => `근거 ${marker} 보기: ${quote}`,
    helpful: "도움이 됐어요",
    unhelpful: "도움이 안 됐어요",
    thanks: "의견 고맙습니다.",
    close: "닫기",
    original: "원문 보기",
    allArticles: "읽을 수 있는 기사",
    noArticles: "아직 기사가 없습니다. geungeo ingest 로 넣으세요.",
    olderVersion: (shown, newest) =>
      `인용 당시의 글(${shown}판)입니다. 지금은 ${newest}판이 있습니다.`,
    marked: (quote) => `기사에서 인용된 부분: ${quote}`,
    badSpan: "이 링크가 가리키는 자리는 이 기사에 없습니다.",
    answeredIn: (backend, ms) => `${backend} · ${ms} ms`,
    kinds: { title: "제목", deck: "부제", byline: "기자·날짜", caption: "사진 설명", heading: "소제목", body: "본문" },
    errors: {
      network: "서버와 연결이 끊겼습니다. 다시 질문해 주세요.",
      invalid_question: "질문을 확인해 주세요.",
      article_not_found: "기사를 찾을 수 없습니다.",
      server_stopping: "서버가 멈추는 중입니다. 잠시 뒤 다시 질문해 주세요.",
      other: "문제가 생겼습니다.",
    },
  },
  en: {
    skip: "Skip to the question",
    tagline: "News answers whose every sentence has a verified source",
    newConversation: "New conversation",
    articles: "Articles",
    otherLanguage: "한국어",
    otherLanguageLabel: "한국어로 바꾸기",
    themeLight: "Light",
    themeDark: "Dark",
    conversation: "Conversation",
    source: "Source article",
    question: "Question",
    placeholder: "Ask about the articles",
    ask: "Ask",
    stop: "Stop",
    welcome: "What would you like to know?",
    welcomeText:
      "Every sentence of an answer carries a number. Press it to see the exact characters of the article that it rests on. Without a source there is no answer.",
    sources: "Sources",
    searching: "Searching the articles",
    verifying: "Verifying the sources",
    stopped: "Stopped.",
    noAnswer: "No answer",
    nearest: "Closest passages",
    openSource: (marker, quote) => `Show source ${marker}: ${quote}`,
    helpful: "Helpful",
    unhelpful: "Not helpful",
    thanks: "Thank you for telling us.",
    close: "Close",
    original: "Original",
    allArticles: "Articles you can ask about",
    noArticles: "There are no articles yet. Add some with geungeo ingest.",
    olderVersion: (shown, newest) =>
      `This is version ${shown}, as it was cited. The newest is version ${newest}.`,
    marked: (quote) => `Cited in the article: ${quote}`,
    badSpan: "This article has no such place as the link points to.",
    answeredIn: (backend, ms) => `${backend} · ${ms} ms`,
    kinds: { title: "Title", deck: "Deck", byline: "Byline", caption: "Caption", heading: "Heading", body: "Body" },
    errors: {
      network: "The connection to the server broke. Please ask again.",
      invalid_question: "Please check the question.",
      article_not_found: "There is no such article.",
      server_stopping: "The server is stopping. Please ask again in a moment.",
      other: "Something went wrong.",
    },
  },
};

let current = remembered() ?? (navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en");

function remembered() {
  const stored = recall("language");
  return stored in WORDS ? stored : null;
}

export function words() {
  return WORDS[current];
}

export function language() {
  return current;
}

export function switchLanguage() {
  current = current === "ko" ? "en" : "ko";
  remember("language", current);
}

/** A date as people of this language write it; what is not a date is shown as it is. */
export function shownDate(iso) {
  if (!iso) return null;
  const day = /^(\d{4})-(\d{2})-(\d{2})/.exec(iso);
  if (!day) return iso;
  const date = new Date(Date.UTC(+day[1], +day[2] - 1, +day[3]));
  return new Intl.DateTimeFormat(current, { dateStyle: "long", timeZone: "UTC" }).format(date);
}

// Storage may be forbidden; the page then merely forgets.
export function remember(name, value) {
  try {
    localStorage.setItem(`geungeo.${name}`, value);
  } catch {
    /* forgotten */
  }
}

export function recall(name) {
  try {
    return localStorage.getItem(`geungeo.${name}`);
  } catch {
    return null;
  }
}
