"""The labelling guide's ten edge cases, each by headlines of our own."""

from __future__ import annotations

import pytest

from bot.topics import DEFAULT, match

YES = {
    "1 foreign payload, its nation or agency named": [
        "Soyuz rocket lofts Iranian remote sensing satellite",
        "SpaceX to launch ESA's asteroid probe on Falcon 9",
        "PSLV places two Brazilian satellites in orbit",
    ],
    "2 a company and another country in a stated partnership": [
        "OHB and MDA form joint venture for lunar rovers",
        "Thales Alenia Space partners with Korean Aerospace firm Hanwha on radar satellites",
        "Planet Labs teams up with Brazilian Space Agency to watch the Amazon rainforest",
    ],
    "4 the station's partners decide": [
        "NASA and Roscosmos agree to extend seat swaps on the space station",
        "Russia to withdraw from the International Space Station partnership with NASA",
        "American and Chinese crews train for a rare joint spacewalk",
    ],
    "5 a member state's own deal with ESA, or firms of two nations": [
        "Poland signs agreement with ESA for a national satellite",
        "Slovenia becomes full member of the European Space Agency",
        "OHB and Avio partner on a small launcher",
    ],
    "6 cooperation ends or is blocked": [
        "ESA terminates ExoMars cooperation with Roscosmos",
        "Kazakhstan seizes Russian assets at Baikonur in launch pad dispute",
        "Wolf Amendment keeps NASA from working with China on lunar science",
    ],
    "9 the joint arrangement is the news": [
        "Japan and India approve joint lunar polar mission",
        "NASA and ASI agree on next phase of a Mars radar orbiter",
        "France and Germany to build methane satellite together",
    ],
    "an accord of many states needs one name": [
        "Latvia signs Artemis Accords",
        "Thailand joins International Lunar Research Station",
        "Fiji becomes newest signatory to the Artemis Accords",
    ],
    "hardware, seats, data and ground stations": [
        "Canada to provide robotic arm for NASA's lunar station",
        "First Hungarian astronaut to fly on Axiom mission",
        "Chile to host ground station for Chinese satellites",
        "Australia and Japan to share space surveillance data",
    ],
    "negotiation": [
        "Brazil in talks with Ukraine over launch site",
        "Turkey and Pakistan discuss cooperation in space",
        "UAE invites Israel to join lunar rover mission",
    ],
}
NO = {
    "one nation alone": [
        "China launches three Yaogan satellites from Xichang",
        "SpaceX lands booster for the twentieth time",
        "NASA awards lunar lander contract to Blue Origin",
        "ISRO tests parachutes for Gaganyaan",
    ],
    "3 ownership is no cooperation": [
        "Eutelsat shareholders approve merger with OneWeb",
        "Saudi fund invests in Axiom Space",
        "Viasat completes Inmarsat acquisition",
    ],
    "4 routine station operations": [
        "Crew Dragon docks with the space station carrying American, Russian and Japanese crew",
        "Soyuz capsule with Russian cosmonauts and NASA astronaut returns to Earth",
        "Astronauts complete spacewalk to replace battery",
    ],
    "5 inside one bloc": [
        "ESA awards Airbus contract for weather satellites",
        "Ariane 6 delayed again, says ESA",
        "European Commission and ESA sign financial framework agreement for Copernicus",
    ],
    "7 rivalry and accusation": [
        "US condemns Russian anti-satellite missile test",
        "Japan and South Korea condemn North Korea's spy satellite launch",
        "NASA chief warns of space race with China",
    ],
    "8 only debate": [
        "UN working group debates norms for space",
        "Diplomats argue about space weapons at the UN",
        "Panel: space debris guidelines need teeth",
    ],
    "9 results and operations of a joint mission": [
        "BepiColombo snaps Mercury during flyby",
        "Cassini reveals plumes at Enceladus",
        "Webb telescope captures images of distant galaxy",
    ],
    "10 entering a market": [
        "Starlink gets licence in India",
        "OneWeb opens office in Saudi Arabia",
        "Rocket Lab opens subsidiary in Germany",
    ],
    "not about space": [
        "India and Pakistan agree to resume trade talks",
        "France and Germany sign railway deal",
        "Turkey and Russia sign gas pipeline agreement",
    ],
}


def cases(groups):
    return [pytest.param(title, id=f"{case}: {title}") for case, titles in groups.items() for title in titles]


@pytest.mark.parametrize("title", cases(YES))
def test_it_is_cooperation(title):
    verdict = match(DEFAULT, title)
    assert verdict.match, verdict


@pytest.mark.parametrize("title", cases(NO))
def test_it_is_something_else(title):
    verdict = match(DEFAULT, title)
    assert not verdict.match, verdict
