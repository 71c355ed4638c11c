// SPDX-License-Identifier: GPL-2.0-or-later
/* Zoom, sort, filter. Without it the page says the same. */
(function () {
'use strict';

const W = 1024, H = 20, PAGE = 4096n;

function make(name, props) {
	return Object.assign(document.createElement(name), props);
}

function hex(page) {
	return '0x' + (BigInt(Math.floor(page)) * PAGE).toString(16);
}

function size(pages) {
	const unit = ['KiB', 'MiB', 'GiB', 'TiB'];
	let n = pages * 4, u = 0;

	while (n >= 1024 && u < 3) {
		n /= 1024;
		u++;
	}
	return n.toFixed(n < 10 && u ? 1 : 0) + ' ' + unit[u];
}

/* Pages of a lane between two places on its axis; spread within a bucket. */
function within(lane, from, to) {
	let sum = 0;

	for (let i = 0; i < lane.length; i += 3) {
		const a = Math.max(from, lane[i]);
		const b = Math.min(to, lane[i] + lane[i + 1]);

		if (b > a)
			sum += lane[i + 2] * (b - a) / lane[i + 1];
	}
	return sum;
}

function draw(lane, from, to) {
	const column = new Float64Array(W), per = (to - from) / W;
	let d = '';

	for (let i = 0; i < lane.length; i += 3) {
		const a = Math.max(lane[i], from), b = Math.min(lane[i] + lane[i + 1], to);
		const dense = lane[i + 2] / lane[i + 1];

		if (b <= a)
			continue;
		const last = Math.min(W - 1, Math.ceil((b - from) / per) - 1);
		for (let x = Math.floor((a - from) / per); x <= last; x++) {
			const l = Math.max(a, from + x * per);
			const r = Math.min(b, from + (x + 1) * per);

			column[x] += Math.max(r - l, 0) * dense;
		}
	}
	for (let x = 0; x < W; x++) {
		if (!column[x])
			continue;
		const h = Math.min(H, 12 + (H - 12) * column[x] / per);
		let n = 1;

		while (x + n < W && column[x + n] === column[x])
			n++;
		d += `M${x} ${H - h}h${n}v${h}h-${n}z`;
		x += n - 1;
	}
	return d;
}

function map(root) {
	const first = Number(root.dataset.first), span = Number(root.dataset.span);
	const ticks = root.querySelectorAll('.ticks span');
	const least = Math.min(span, 16);
	const lanes = [...root.querySelectorAll('.lane')].map(e => ({
		svg: e.querySelector('svg'), path: e.querySelector('path'),
		exact: e.querySelector('svg').dataset.exact === '1',
		name: e.querySelector('b').textContent,
		data: JSON.parse(e.querySelector('script').textContent),
	}));
	const readout = make('p', { className: 'readout' });
	const tools = make('div', { className: 'tools' });
	let from = 0, to = span;

	function view(a, b) {
		const wide = Math.min(Math.max(b - a, least), span);

		from = Math.min(Math.max(a, 0), span - wide);
		to = from + wide;
		root.dataset.from = from;
		root.dataset.to = to;
		for (const l of lanes)
			l.path.setAttribute('d', draw(l.data, from, to));
		ticks.forEach((t, i) => {
			t.textContent = hex(first + from + (to - from) * i / (ticks.length - 1));
		});
		say(from, to);
	}

	function say(a, b, lane) {
		const at = `${hex(first + a)} to ${hex(first + b)}, ${size(b - a)}: `;
		const of = lane ? [lane] : lanes;
		const found = of.map(l => [l, within(l.data, a, b)]).filter(x => x[1] > 0)
			.map(x => `${x[0].name} ${x[0].exact ? '' : 'about '}${Math.max(1, Math.round(x[1]))} pages`);

		readout.textContent = at + (found.slice(0, 6).join(', ') || 'nothing') +
			(found.length > 6 ? ` and ${found.length - 6} more` : '');
	}

	function zoom(by, center) {
		const c = center === undefined ? (from + to) / 2 : center;

		view(c - (c - from) * by, c + (to - c) * by);
	}

	function button(text, label, act) {
		const b = make('button', { type: 'button', textContent: text });

		b.setAttribute('aria-label', label);
		b.addEventListener('click', act);
		tools.append(b);
	}

	button('Zoom in', 'Zoom in', () => zoom(.5));
	button('Zoom out', 'Zoom out', () => zoom(2));
	button('←', 'Move left', () => view(from - (to - from) / 4, to - (to - from) / 4));
	button('→', 'Move right', () => view(from + (to - from) / 4, to + (to - from) / 4));
	button('All', 'Show all', () => view(0, span));
	root.prepend(tools);
	root.append(readout);
	for (const l of lanes) {
		const place = e => {
			const box = l.svg.getBoundingClientRect();

			return from + (to - from) * Math.min(1, Math.max(0, (e.clientX - box.left) / box.width));
		};
		let held = null;

		l.svg.addEventListener('pointermove', e => {
			const at = place(e), per = Math.max(1, (to - from) / W * 2);

			if (held === null)
				say(Math.floor(at), Math.min(span, Math.floor(at) + Math.ceil(per)));
			else
				say(Math.min(held, at), Math.max(held, at), l);
		});
		l.svg.addEventListener('pointerdown', e => {
			held = e.pointerType === 'mouse' ? place(e) : null;
		});
		l.svg.addEventListener('pointerup', e => {
			const at = place(e);

			if (held !== null && Math.abs(at - held) > (to - from) / 100)
				view(Math.min(at, held), Math.max(at, held));
			held = null;
		});
		l.svg.addEventListener('dblclick', e => zoom(.5, place(e)));
		l.svg.addEventListener('wheel', e => {
			if (!e.ctrlKey)
				return;
			e.preventDefault();
			zoom(e.deltaY < 0 ? .7 : 1.4, place(e));
		}, { passive: false });
	}
	root.dataset.from = 0;
	root.dataset.to = span;
	readout.textContent = 'Point at a strip to read it; drag over a stretch to zoom in.';
}

function value(row, column) {
	const cell = row.cells[column], text = cell.dataset.v || cell.textContent;
	const number = Number(text);

	return text !== '' && !Number.isNaN(number) ? number : text;
}

function compare(a, b) {
	if (typeof a === 'number' && typeof b === 'number')
		return a - b;
	return String(a).localeCompare(String(b), 'en', { numeric: true });
}

function sortable(table) {
	const heads = [...table.tHead.rows[0].cells];

	heads.forEach((head, column) => {
		const b = make('button', { type: 'button', textContent: head.textContent });

		head.replaceChildren(b);
		b.addEventListener('click', () => {
			const up = head.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
			const rows = [...table.tBodies[0].rows].map(r => [value(r, column), r]);

			rows.sort((x, y) => up * compare(x[0], y[0]));
			heads.forEach(h => h.removeAttribute('aria-sort'));
			head.setAttribute('aria-sort', up > 0 ? 'ascending' : 'descending');
			table.tBodies[0].append(...rows.map(r => r[1]));
		});
	});
}

function filterable(table) {
	const box = table.closest('.scroll');
	const input = make('input', { type: 'search', placeholder: 'Filter' });

	input.setAttribute('aria-label', 'Filter ' + box.getAttribute('aria-label'));
	input.addEventListener('input', () => {
		const words = input.value.toLowerCase().split(/\s+/);

		for (const row of table.tBodies[0].rows) {
			const text = row.textContent.toLowerCase();

			row.hidden = !words.every(w => text.includes(w));
		}
	});
	box.before(input);
}

/* "Is 0x... in it?" from the rows of the page itself. */
function answer(text, rows, whole) {
	if (!/^(0x)?[0-9a-f]{1,13}$/i.test(text))
		return 'Write a physical address in hexadecimal.';
	const page = BigInt('0x' + text.replace(/^0x/i, '')) / PAGE;
	const hits = rows.filter(r => page >= BigInt(r.dataset.first) &&
		page < BigInt(r.dataset.first) + BigInt(r.dataset.pages));

	for (const row of rows)
		row.classList.toggle('hit', hits.includes(row));
	if (hits.length) {
		hits[0].scrollIntoView({ block: 'nearest' });
		return 'Yes: ' + hits.map(r => r.cells[3].textContent + ' (' +
			r.cells[4].textContent + '), ' +
			r.cells[2].textContent).join('; ');
	}
	return whole ? 'Not in this list. If it is RAM, no device could write it.' :
		'Not in this list, which does not name all pages.';
}

function lookup(section) {
	const rows = [...section.querySelectorAll('tbody tr')];
	const whole = section.querySelector('#pages-note').dataset.whole === 'yes';
	const input = make('input', { type: 'search', id: 'address',
		placeholder: 'Physical address, hexadecimal' });
	const output = make('output', { id: 'address-answer' });

	input.setAttribute('aria-label', 'Could a device write this address?');
	output.setAttribute('for', 'address');
	input.addEventListener('input', () => {
		const text = input.value.trim();

		output.textContent = text ? answer(text, rows, whole) : '';
	});
	section.querySelector('.scroll').before(input, output);
}

document.querySelectorAll('#pages').forEach(lookup);
document.querySelectorAll('.map').forEach(map);
document.querySelectorAll('table.sort').forEach(sortable);
document.querySelectorAll('table.filter').forEach(filterable);
document.documentElement.dataset.ready = 'yes';
})();
