"""The suggested encoding is the text's, or decodes it equally."""

import gzip

import chardet
import pytest
from caches import refused

from fastrnn.data import guesses
from fastrnn.data.corpus import open_corpus
from fastrnn.data.guesses import guess, seven_bit

TEXTS = {
    'gbk gb18030 utf-16-le utf-16-be': '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应相对待。',
    'big5 gb18030 utf-16-be': '人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應相對待。',
    'shift_jis cp932 euc_jp utf-16-le': '吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。',
    'euc_kr cp949 utf-16-le': '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.',
    'cp1251 koi8-r iso8859-5 cp866 mac-cyrillic': 'Все счастливые семьи похожи друг на друга, несчастливая по-своему.',
    'koi8-u': 'Всі люди народжуються вільними і рівними у своїй гідності та правах.',
    'cp1252 iso8859-15 mac-roman cp850': (
        'Longtemps, je me suis couché tôt. Parfois, à peine ma bougie éteinte, mes yeux se fermaient. « Où ça ? »'
    ),
    'latin-1 cp437 cp850': 'Alle Menschen sind frei und gleich an Würde und Rechten geboren. Übung, größer, schön.',
    'cp1250 iso8859-2 cp852': 'Wszyscy ludzie rodzą się wolni i równi pod względem swej godności. Żółć, źle, ćma.',
    'cp1250 iso8859-2': 'Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti. Příliš žluťoučký kůň.',
    'cp1254 iso8859-9': 'Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. İstanbul, ağaç.',
    'cp1257': 'Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis. Įėjimas, šaka, ąžuolas.',
    'cp1253 iso8859-7': 'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.',
    'cp1255 iso8859-8': 'כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון.',
    'cp1256 iso8859-6': 'يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا.',
    'tis-620': 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ',
    'cp1258': 'T\u00e2\u0301t ca\u0309 mo\u0323i ng\u01b0\u01a1\u0300i sinh ra \u0111\u00ea\u0300u.',
    'cp1252': '“It’s fine,” she said — “don’t worry.” He didn’t…',
    'cp500': 'Shall I compare thee to a summers day, thou art more lovely and more temperate',
}
CHINESE, JAPANESE = (list(TEXTS.values())[number] + '\n' for number in (0, 2))
CASES = [(text, encoding) for encodings, text in TEXTS.items() for encoding in encodings.split()]


def chunks(*parts):
    return lambda: parts


def advised(path, **options):
    """The encoding that an error suggests."""
    told = refused(path, **options)
    assert '; the text is probably ' in told and told.count('--encoding ') == 1 and '--errors' not in told
    return told.rpartition('--encoding ')[2]


@pytest.mark.parametrize(('text', 'encoding'), CASES)
def test_encodings_of_languages(text, encoding):
    """For one line, and for a text that is cut inside a character, as a sample of a long one may be."""
    for whole in (text + '\n', '7' + text * 40):
        data = whole.encode(encoding)
        at = next((place for place, byte in enumerate(data) if byte >= 0x80), 0)
        for cut in (0, 1):
            found, _ = guess(chunks(data[:100], data[100 : len(data) - cut]), at)
            assert data.decode(found) == whole


@pytest.mark.parametrize(('text', 'encoding'), [(TEXTS[names], names.partition(' ')[0]) for names in list(TEXTS)[:5]])
@pytest.mark.usefixtures('cache')
def test_a_long_text_without_newlines(path, text, encoding):
    """120 kB after a digit, compressed or not, after other text or not; the suggested encoding reads it."""
    whole = '7' + text * (60_000 // len(text))
    for before, packed in (('', False), ('English first.\n' * 9000, True)):
        data = (before + whole).encode(encoding)
        path.write_bytes(gzip.compress(data) if packed else data)
        corpus = open_corpus(path, encoding=advised(path))
        assert corpus.text(corpus.ids) == before + whole


@pytest.mark.usefixtures('cache')
def test_another_encoding_was_named(path):
    path.write_bytes((list(TEXTS.values())[1] * 50).encode('big5'))
    assert advised(path, encoding='gbk') == 'big5hkscs'


@pytest.mark.parametrize(('number', 'encoding'), [(0, 'gb18030'), (1, 'big5hkscs'), (2, 'euc_jis_2004'), (3, 'cp949')])
@pytest.mark.parametrize('lines', [50, 5000])
@pytest.mark.usefixtures('cache')
def test_a_damaged_text(path, number, encoding, lines):
    """Damage within the sample, and after it."""
    data = ((list(TEXTS.values())[number] + '\n') * lines).encode(encoding)
    path.write_bytes(data + b'\xff\n' + data)
    names = {encoding, 'euc_kr'} if number == 3 else {encoding}
    assert refused(path).rpartition('; ')[2] in {
        f'the text is probably {name}: add --encoding {name} --errors replace, as some of its bytes are damaged'
        for name in names
    }


def test_a_sentence_in_ascii_first(path, cache):
    """Before a long text without spaces."""
    path.write_bytes(('English first. ' + CHINESE.strip() * 2000).encode('gbk'))
    assert advised(path) == 'gb18030'


def test_no_language():
    """Bytes that are not a language in any encoding."""
    for data in (b'\xff\xfe\xfd\xfc' * 500, bytes(range(256)) * 9, b'abc\xff', b''):
        assert guess(chunks(data), 0) is None


def test_guessing_reads_a_limited_part(monkeypatch):
    """For any length of the text."""
    sizes = []
    monkeypatch.setattr(chardet, 'detect_all', lambda sample, **_: sizes.append(len(sample)) or [])
    monkeypatch.setattr(guesses, 'CHECKED', 1 << 17)
    read = []

    def endless():
        for number in range(99):
            read.append(number)
            yield b'x' * 5000 + b'\xe9' * 5000

    assert guess(endless, 5000) is None
    assert max(sizes) <= guesses.SAMPLE and len(read) < 40


SEVEN = [(CHINESE, 'hz'), (JAPANESE, 'iso2022_jp_2'), (list(TEXTS.values())[3] * 9, 'iso2022_kr'), (CHINESE, 'utf-7')]


@pytest.mark.parametrize(('text', 'encoding'), SEVEN)
@pytest.mark.usefixtures('cache')
def test_encodings_whose_bytes_are_ascii(path, text, encoding):
    """They decode as UTF-8; a warning names the encoding, also when the text comes from the cache."""
    path.write_bytes(text.encode(encoding))
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match=f'is probably {encoding}, whose bytes are ASCII: add --encoding'):
            open_corpus(path)
    corpus = open_corpus(path, encoding=encoding)
    assert corpus.text(corpus.ids) == text


@pytest.mark.parametrize('text', ['a = b+cde-f; x += 12+34567\n', '~{ ~} ~{ab', '\x1b[31mred\x1b[0m', '+abc+def-', ''])
def test_other_ascii(text):
    assert seven_bit(text.encode() * 9) == ''


@pytest.mark.parametrize('encoding', ['utf-16-le', 'utf-16-be', 'utf-32-le', 'utf-32-be'])
@pytest.mark.parametrize('number', [0, 3, 4, 6])
@pytest.mark.usefixtures('cache')
def test_wide_encodings_without_a_mark(path, encoding, number):
    """Russian in UTF-16 is also valid UTF-8, with control characters."""
    text = (list(TEXTS.values())[number] + '\n') * 9
    path.write_bytes(text.encode(encoding))
    assert refused(path).endswith(f'add --encoding {encoding}')
    corpus = open_corpus(path, encoding=encoding)
    assert corpus.text(corpus.ids) == text
